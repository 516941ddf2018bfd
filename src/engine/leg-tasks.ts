import { type Query, query } from '../host/query.ts';
import type { Inventory } from '../inventory/model.ts';
import type { BoundStep } from '../steps/step.ts';
import { bindTask } from './bind-task.ts';
import type { Activity, ChangeRecord, RunEvent, TaskStatus } from './events.ts';
import type { LegError, LegResult } from './leg-options.ts';
import type { Leg, LegTask } from './legs.ts';

/** A task that has not ended yet, bound to its host. */
export interface OpenTask extends LegTask {
  readonly bound: BoundStep;
  /** Whether its changes could cut the host off. */
  readonly isNetwork: boolean;
}

/** How a task ended. */
export interface TaskResult {
  readonly status: TaskStatus;
  readonly changes: readonly ChangeRecord[];
  readonly pending?: readonly string[];
  readonly message?: string | null;
}

/** Why a leg goes no further than the tasks that ended. */
export interface LegEnding {
  readonly status: LegResult['status'];
  readonly error: LegError;
}

/** The tasks of a leg: which are open, and what those that ended add up to. Tells as they end. */
export class LegTasks {
  readonly #host: string;
  readonly #total: number;
  readonly #emit: (event: RunEvent) => void;
  #isSilent = false;
  #open: readonly OpenTask[];
  #hasChanged = false;
  #ending: LegEnding | null = null;

  constructor(leg: Leg, inventory: Inventory, emit: (event: RunEvent) => void) {
    const target = { host: leg.host, inventory };
    this.#host = leg.host.name;
    this.#total = leg.tasks.length;
    this.#emit = (event) => {
      if (!this.#isSilent) emit(event);
    };
    this.#open = leg.tasks.map(({ play, task }) => {
      const bound = bindTask(task, target);
      return { play, task, bound, isNetwork: bound.network };
    });
  }

  /** In order. */
  get open(): readonly OpenTask[] {
    return this.#open;
  }

  get hasChanged(): boolean {
    return this.#hasChanged;
  }

  /** null: all goes on. */
  get ending(): LegEnding | null {
    return this.#ending;
  }

  /** Everything that the open tasks from `first` on ask, and what the host lacks for them. */
  queries(first = 0): readonly Query[] {
    const tasks = this.#open.slice(first);
    return tasks.length === 0
      ? []
      : [...tasks.flatMap(({ bound }) => bound.queries), query.lacks()];
  }

  /** Says what is going on; `ahead`: open tasks before the one that it is about. */
  tell(doing: Activity['doing'], task: string | null, ahead = 0): void {
    const done = this.#total - this.#open.length + ahead;
    const total = this.#total;
    this.#emit({ event: 'activity', host: this.#host, doing, task, done, total });
  }

  /** The first open task ended. */
  end({ status, changes, pending = [], message = null }: TaskResult): void {
    const [ended, ...open] = this.#open;
    if (ended === undefined) throw new Error('more tasks ended than there are');
    this.#open = open;
    if (status === 'unknown' || changes.length > 0) this.#hasChanged = true;
    this.#emit({
      event: 'task',
      host: this.#host,
      play: ended.play.name,
      task: ended.task.name,
      step: ended.task.step.name,
      status,
      changes,
      pending,
      message: message === '' ? null : message,
    });
  }

  /** The first open task failed, with what it had changed by then; the others are skipped. */
  fail(error: LegError, changes: readonly ChangeRecord[]): void {
    const ending = this.failInPlace(error, changes);
    this.giveUp(ending, 'an earlier task failed');
  }

  /** The open task at this place cannot be done, so that none is begun. */
  refuse(place: number, error: LegError): void {
    for (let left = place; left > 0; left -= 1) {
      this.end({ status: 'skipped', changes: [], message: 'not begun, as a later task cannot be' });
    }
    this.fail(error, []);
  }

  /** The first open task failed; those behind it still end by themselves. */
  failInPlace({ message, hint }: LegError, changes: readonly ChangeRecord[]): LegEnding {
    const error = { message: `${this.#open[0]?.task.name ?? ''}: ${message}`, hint };
    this.end({ status: 'failed', changes, message });
    this.#ending ??= { status: 'failed', error };
    return this.#ending;
  }

  /** The open tasks are skipped. */
  giveUp(ending: LegEnding, why: string): void {
    this.#ending ??= ending;
    while (this.#open.length > 0) this.end({ status: 'skipped', changes: [], message: why });
  }

  /** For people, about the host. */
  note(level: 'info' | 'warning', text: string): void {
    this.#emit({ event: 'message', level, host: this.#host, text });
  }

  /** From now on nothing is told any more. */
  silence(): void {
    this.#isSilent = true;
  }
}
