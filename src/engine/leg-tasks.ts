import { noticeQuery } from '../host/notice.ts';
import { type Query, query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import type { Inventory } from '../inventory/model.ts';
import { factsOf } from '../playbook/facts.ts';
import { failedJudgement, type Judgement, type Outcome } from '../playbook/judge.ts';
import { type Handler, noKeywords } from '../playbook/keywords.ts';
import { afterEnding, type Knowledge, type Told, whyPassedOver } from '../playbook/knowledge.ts';
import { untoldSets } from '../playbook/others.ts';
import { taskName } from '../playbook/task-name.ts';
import type { Plan, Target } from '../steps/step.ts';
import { bindTask } from './bind-task.ts';
import type { Activity, ChangeRecord, RunEvent, TaskStatus } from './events.ts';
import { endingOf } from './expected-ending.ts';
import type { AddToFleet } from './growing-fleet.ts';
import { type Keeping, keptBy } from './kept-files.ts';
import type { LegError, LegResult } from './leg-options.ts';
import { queriesOf } from './leg-queries.ts';
import type { Leg, LegTask } from './legs.ts';
import { noticedBefore } from './notices.ts';
import type { OpenTask } from './open-task.ts';
import { Tries } from './tries.ts';
import { withheld, withheldError } from './withheld.ts';

/** How a task ended. */
export interface TaskResult {
  readonly status: TaskStatus;
  readonly changes: readonly ChangeRecord[];
  readonly pending?: readonly string[];
  readonly message?: string | null;
  /** Nothing of it was done (`check_mode`). Absent: it was. */
  readonly isOnlySaid?: boolean;
}

/** Why a leg goes no further than the tasks that ended. */
export interface LegEnding {
  readonly status: LegResult['status'];
  readonly error: LegError;
}

/** The tasks of a leg: which are open, and what those that ended add up to. Tells as they end. */
export class LegTasks {
  readonly #at: Target;
  readonly #host: string;
  readonly #total: number;
  readonly #emit: (event: RunEvent) => void;
  #isSilent = false;
  #open: readonly OpenTask[];
  #known: Knowledge;
  #hasChanged = false;
  #failure: LegEnding | null = null;
  /** All handlers of its plays. */
  readonly #handlers: readonly Handler[];
  /** Whether it was looked for what earlier runs have left. */
  #hasLearnt = false;
  /** Of the first open task. */
  #tries = new Tries();
  /** Whether it is done in place of another host, whose facts these are not. */
  readonly #isOnBehalf: boolean;
  readonly #addToFleet: AddToFleet;

  /** Keeps what a task has fetched, and gives what has become of its parts by that. */
  readonly kept: Keeping;

  constructor(
    { host, tasks }: Pick<Leg, 'host' | 'tasks'>,
    inventory: Inventory,
    known: Knowledge,
    emit: (event: RunEvent) => void,
    keeping: Keeping = keptBy({ check: true }),
    addToFleet: AddToFleet = () => 'nobody adds to the fleet in this run',
  ) {
    this.kept = keeping;
    this.#addToFleet = addToFleet;
    const at = { host, inventory };
    this.#at = at;
    this.#host = host.name;
    this.#total = tasks.length;
    this.#known = known;
    this.#handlers = [...new Set(tasks.flatMap(({ task }) => task.keywords?.handler ?? []))];
    this.#isOnBehalf = tasks.some(({ subject }) => subject !== undefined);
    this.#emit = (event) => {
      if (!this.#isSilent) emit(event);
    };
    this.#open = tasks.map((one) => ({
      ...called(one, { host: one.subject ?? host, inventory }, known),
      prepare:
        one.problem === undefined
          ? bindTask(one.task, at, { host: one.subject ?? host, inventory })
          : refused(one.problem),
    }));
  }

  /** Adds to the fleet what a task adds; gives what has become of its parts by that. */
  added(
    plan: Plan,
    outcomes: readonly Outcome[],
    { task: { place } }: LegTask,
  ): readonly Outcome[] {
    return outcomes.map((outcome, index) => {
      const { adds = [] } = plan.parts?.[index] ?? plan;
      if (adds.length === 0 || outcome.failure !== null) return outcome;
      return { ...outcome, failure: this.#addToFleet(adds, place) };
    });
  }

  /** In order. */
  get open(): readonly OpenTask[] {
    return this.#open;
  }

  /** What the tasks that ended have told. */
  get known(): Knowledge {
    return this.#known;
  }

  get hasChanged(): boolean {
    return this.#hasChanged;
  }

  /** Why the leg has failed; null: it has not. */
  get failure(): LegEnding | null {
    return this.#failure;
  }

  /** Why nothing more is done; null: something may be left to do. */
  get ending(): LegEnding | null {
    return this.#open.length === 0 ? this.#failure : null;
  }

  /** Everything that `count` open tasks from `first` on ask, as far as can be told, and what the host lacks for them. */
  queries(first = 0, count = this.#open.length): readonly Query[] {
    const tasks = this.#open.slice(first, first + count);
    if (tasks.length === 0) return [];
    const notices = this.#handlers.length === 0 || this.#hasLearnt ? [] : [noticeQuery];
    return [...queriesOf(tasks, this.#known), ...notices, query.lacks()];
  }

  /** What was observed of the host has its facts, perhaps, and what earlier runs left undone. */
  learn(state: HostState): void {
    this.#learnNotices(state);
    if (this.#known.facts !== null || this.#isOnBehalf) return;
    const facts = factsOf(state);
    if (facts === null) return;
    this.#known = { ...this.#known, facts };
    this.#open = this.#open.map((one) => this.#called(one));
  }

  #learnNotices(state: HostState): void {
    if (this.#hasLearnt || this.#handlers.length === 0) return;
    this.#hasLearnt = true;
    const before = noticedBefore(state, this.#handlers);
    if (before.length === 0) return;
    const { notified, noted } = this.#known;
    this.#known = {
      ...this.#known,
      notified: new Map([...notified, ...before.map((one) => [one, 'surely'] as const)]),
      noted: new Set([...noted, ...before]),
    };
    const names = before.map(({ name }) => name).join(', ');
    this.note('info', `an earlier run has notified this and not come to it: ${names}`);
  }

  /** Says what is going on; `ahead`: open tasks before the one that it is about. */
  tell(doing: Activity['doing'], task: string | null, ahead = 0): void {
    const done = this.#total - this.#open.length + ahead;
    const total = this.#total;
    this.#emit({ event: 'activity', host: this.#host, doing, task, done, total });
  }

  /** The first open task ended; `sets`: the variables that it sets. */
  end(
    { status, changes, pending = [], message = null, isOnlySaid = false }: TaskResult,
    judgement: Judgement | null = null,
    sets: Readonly<Record<string, Told>> = {},
  ): void {
    const [ended, ...open] = this.#open;
    if (ended === undefined) throw new Error('more tasks ended than there are');
    const { keywords = noKeywords } = ended.task;
    this.#open = open;
    const { name } = this.#called(ended).task;
    this.#tries = new Tries();
    const { begun: _, ...known } = this.#known;
    const isUnknown = judgement === null && status === 'unknown';
    const told = isUnknown ? { ...untoldSets(ended.task), ...sets } : sets;
    this.#known = afterEnding(known, keywords, endingOf(status, judgement, told));
    const hasFailedHalfway = status === 'failed' && changes.length > 0;
    const mayHaveChanged = status === 'unknown' || status === 'changed' || hasFailedHalfway;
    if (mayHaveChanged && !isOnlySaid) this.#hasChanged = true;
    this.#emit(
      withheld(keywords, {
        event: 'task',
        host: this.#host,
        play: ended.play.name,
        task: name,
        step: ended.task.step.name,
        status,
        changes,
        pending,
        message: message === '' ? null : message,
      }),
    );
  }

  /**
   * The first open task failed, with what it had changed by then. When that ends the play, the others
   * are skipped; else they are open.
   */
  fail(
    error: LegError,
    changes: readonly ChangeRecord[],
    judgement: Judgement = failedJudgement(error.message),
  ): void {
    this.failInPlace(error, changes, judgement);
    const isOver = this.#open.every(({ task: { keywords = noKeywords } }) =>
      whyPassedOver(this.#known, keywords),
    );
    if (this.#failure !== null && isOver) this.giveUp(this.#failure, 'an earlier task failed');
  }

  /** The open task at this place cannot be done, so that none is begun. */
  refuse(place: number, error: LegError): void {
    for (let left = place; left > 0; left -= 1) {
      this.end({ status: 'skipped', changes: [], message: 'not begun, as a later task cannot be' });
    }
    this.failInPlace(error, []);
    if (this.#failure !== null) this.giveUp(this.#failure, 'an earlier task failed');
  }

  /** The first open task failed; those behind it still end by themselves. */
  failInPlace(
    error: LegError,
    changes: readonly ChangeRecord[],
    judgement: Judgement = failedJudgement(error.message),
  ): void {
    const [first] = this.#open;
    const name = first === undefined ? '' : this.#called(first).task.name;
    const { message } = error;
    const shown = withheldError(first?.task.keywords ?? noKeywords, error);
    const isIgnored = judgement.status === 'ignored';
    this.end(
      { status: 'failed', changes, message: isIgnored ? `ignored: ${message}` : message },
      judgement,
    );
    if (!this.#known.hasFailed) return;
    const why = { message: `${name}: ${shown.message}`, hint: shown.hint };
    this.#failure ??= { status: 'failed', error: why };
  }

  /**
   * After how many seconds the first open task is to be done again; null: it has ended.
   *
   * @param begun how many of its items came to their turn; of the others nothing is known
   */
  repeat(judgement: Judgement, plan: Plan, begun?: number): number | null {
    const { keywords = noKeywords } = this.#open[0]?.task ?? {};
    const again = this.#tries.again(judgement, plan, keywords, begun);
    if (again === null) return null;
    if (again.begun !== undefined) this.#known = { ...this.#known, begun: again.begun };
    return again.afterSeconds;
  }

  #called<One extends LegTask>(task: One): One {
    return called(task, { ...this.#at, host: task.subject ?? this.#at.host }, this.#known);
  }

  /** The open tasks are skipped. */
  giveUp(ending: LegEnding, why: string): void {
    this.#failure ??= ending;
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

/** With its name worked out, as far as that goes. */
function called<One extends LegTask>(one: One, subject: Target, known: Knowledge): One {
  const name = taskName(one.task, subject, known);
  return name === one.task.name ? one : { ...one, task: { ...one.task, name } };
}

function refused(message: string): OpenTask['prepare'] {
  return () => ({ type: 'wrong', message });
}
