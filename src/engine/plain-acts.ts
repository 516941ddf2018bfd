import type { Act } from '../host/act-program.ts';
import { isOpaque } from '../host/change.ts';
import type { Observation } from '../host/look-program.ts';
import type { Sending } from '../host/upload-program.ts';
import type { Judgement } from '../playbook/judge.ts';
import type { Plan } from '../steps/step.ts';
import {
  actsOf,
  endsOf,
  generationOf,
  messageOf,
  noticeFailure,
  outcomesOf,
  partsBegun,
  partsWith,
  type Results,
  sendingsOf,
  taskOf,
} from './act-results.ts';
import { endAs } from './end-task.ts';
import type { ChangeRecord } from './events.ts';
import type { PlannedTask } from './foreseen.ts';
import type { HostContact } from './host-contact.ts';
import type { LegOptions } from './leg-options.ts';
import type { LegTasks } from './leg-tasks.ts';
import type { Leg } from './legs.ts';
import { recordOf } from './records.ts';
import { Upload } from './upload.ts';
import { busyEnding } from './window-words.ts';

/**
 * The tasks have ended, and perhaps the leg with them; `answers`: what was observed in the same
 * message. `stale`: the open tasks must be planned anew.
 */
export type ActsEnd =
  | {
      readonly answers: ReadonlyMap<string, Observation> | null;
      /** Whether what follows is to be planned anew, and only once so long has passed. */
      readonly isCut: boolean;
      readonly repeatAfterSeconds?: number;
      /** The host restarts: it is to be back within so long. */
      readonly restartsWithinSeconds?: number;
    }
  | 'stale';

/** How often, and how long, a host that this run itself is busy with for another one is tried again. */
const mostOwnLocks = 600;
const ownLockSeconds = 0.5;

/** Changes that stand by themselves: each is made or not, and none is undone. */
export class PlainActs {
  readonly #leg: Leg;
  readonly #options: LegOptions;
  readonly #contact: HostContact;
  readonly #tasks: LegTasks;
  /** Changes made for the first open task before its plan turned out stale. */
  #made: ChangeRecord[] = [];
  /** The parts of the task that had changed something when another one was found to be stale. */
  readonly #changedBefore = new Set<number>();
  #hasBegun = false;
  #isCommandUnderWay = false;
  /** How often it waits for what this run does there for another host. */
  #patience = mostOwnLocks;

  constructor(leg: Leg, options: LegOptions, contact: HostContact, tasks: LegTasks) {
    this.#leg = leg;
    this.#options = options;
    this.#contact = contact;
    this.#tasks = tasks;
  }

  /** Whether something that changes the host was sent. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Whether observing again after a lost connection can tell what was done. */
  get canResume(): boolean {
    return !this.#isCommandUnderWay;
  }

  /** The first open task fails with what was made for it, the others are skipped. */
  giveUp(message: string, hint: string | null): void {
    this.#tasks.fail({ message, hint }, this.#takeMade());
  }

  /** Carries out the first open tasks, and observes for so many of those behind them in the same message. */
  async carryOut(tasks: readonly PlannedTask[], ahead: number): Promise<ActsEnd | 'stopped'> {
    const acts = actsOf(tasks);
    const sendings = sendingsOf(acts);
    if (sendings.length === 0) return await this.#carryOut(tasks, acts, ahead);
    await this.#contact.shell(this.#options.stopping);
    const upload = await this.#upload(sendings);
    try {
      if (!this.#hasBegun && this.#options.stopping.aborted) return 'stopped';
      const { failure, stages } = upload;
      const able = failure === null ? tasks : tasks.slice(0, taskOf(failure.id));
      const staged = acts.map((act) => ({ ...act, stage: stages.get(act.id) ?? null }));
      const ableActs = staged.slice(0, actsOf(able).length);
      const end = await this.#carryOut(able, ableActs, failure === null ? ahead : 0);
      if (end === 'stale' || failure === null || this.#tasks.ending !== null) return end;
      this.giveUp(failure.message, null);
      return { answers: null, isCut: true };
    } finally {
      await upload.release();
    }
  }

  /** What is too large for a program is on the host before that is sent. */
  async #upload(sendings: readonly Sending[]): Promise<Upload> {
    const { stopping, leaving } = this.#options;
    const names = this.#tasks.open.map(({ task }) => task.name);
    return await Upload.send(this.#contact, sendings, this.#hasBegun ? leaving : stopping, (id) => {
      this.#tasks.tell('act', names[taskOf(id)] ?? null, taskOf(id));
    });
  }

  async #carryOut(
    tasks: readonly PlannedTask[],
    acts: readonly Act[],
    ahead: number,
  ): Promise<ActsEnd> {
    if (acts.length === 0) return this.#settleAll(tasks, new Map(), null);
    const { identity, stopping, nextNumber } = this.#options;
    const shell = await this.#contact.shell(stopping);
    const generation = generationOf(
      this.#leg,
      this.#options,
      `${identity.id}.${nextNumber()}`,
      tasks,
    );
    const thenLook = ahead > 0 ? this.#tasks.queries(tasks.length, ahead) : [];
    this.#hasBegun = true;
    this.#isCommandUnderWay = acts.some(({ change }) => isOpaque(change));
    const acted = await shell.act(acts, thenLook, { identity, generation }, (id) => {
      const place = taskOf(id);
      this.#tasks.tell('act', tasks[place]?.task.name ?? null, place);
    });
    this.#isCommandUnderWay = false;
    const { lock, results, answers } = acted;
    if (lock?.type === 'busy' && lock.run === identity.id && this.#patience > 0) {
      this.#patience -= 1;
      return { answers: null, isCut: true, repeatAfterSeconds: ownLockSeconds };
    }
    if (lock?.type === 'busy') {
      this.#tasks.giveUp(busyEnding(lock, null), 'the host is busy with another run');
      return { answers: null, isCut: true };
    }
    if (lock?.type === 'failed') {
      this.giveUp(lock.message, null);
      return { answers: null, isCut: true };
    }
    if (lock !== null && lock.note !== null) this.#tasks.note('warning', lock.note);
    return this.#settleAll(tasks, results, answers);
  }

  /** `isCut`: a task failed, and what follows is not what was planned; or it is to be done again. */
  #settleAll(
    tasks: readonly PlannedTask[],
    results: Results,
    answers: ReadonlyMap<string, Observation> | null,
  ): ActsEnd {
    for (const [index, task] of tasks.entries()) {
      const end = this.#settle(task, index, results);
      if (end === 'stale') return 'stale';
      if (end === 'cut') return { answers: null, isCut: true };
      if (end !== 'ended') return { answers: null, isCut: true, ...end };
      const { restartsWithinSeconds } = task.plan;
      if (restartsWithinSeconds !== undefined) {
        return { answers: null, isCut: true, restartsWithinSeconds };
      }
      if (this.#tasks.ending !== null) break;
    }
    return { answers, isCut: false };
  }

  /** Ends the first open task by what the host said of its changes. */
  #settle(
    task: PlannedTask,
    place: number,
    results: Results,
  ): 'ended' | 'stale' | 'cut' | { readonly repeatAfterSeconds: number } {
    const { plan, outlook } = task;
    if (outlook.type !== 'do') {
      endAs(this.#tasks, task, [], []);
      return 'ended';
    }
    const unnoted = noticeFailure(task, place, results);
    if (unnoted !== null) {
      this.#tasks.fail({ message: unnoted, hint: null }, this.#takeMade());
      return 'cut';
    }
    const ends = endsOf(task, place, results);
    const before = this.#made.length;
    let hasFailed = false;
    for (const [index, { change, end }] of ends.entries()) {
      // not begun: the one before it was stale
      if (end.type === 'missing' || end.type === 'stale') {
        for (const [part, { isChanged }] of outcomesOf(task, ends).entries()) {
          if (isChanged) this.#changedBefore.add(part);
        }
        return 'stale';
      }
      hasFailed = end.type === 'failed';
      if (hasFailed) break;
      if (index < plan.changes.length) this.#made.push(recordOf(change));
    }
    const outcomes = outcomesOf(task, ends).map((one, part) =>
      this.#changedBefore.has(part) ? { ...one, isChanged: true } : one,
    );
    const judgement = outlook.judge(outcomes);
    const again = this.#tasks.repeat(judgement, plan, partsBegun(plan, ends));
    if (again !== null) {
      const { items } = judgement;
      this.#made.splice(before, Infinity, ...madeForGood(plan, ends, items ?? []));
      return { repeatAfterSeconds: again };
    }
    if (hasFailed && judgement.failure === null) this.#made.push(...failedCommands(ends));
    const wasStale = this.#changedBefore.size > 0;
    const changes = this.#takeMade();
    endAs(this.#tasks, task, outcomes, changes, messageOf(task, ends));
    // tasks behind it were planned as if nothing had been changed before
    return hasFailed || wasStale ? 'cut' : 'ended';
  }

  #takeMade(): readonly ChangeRecord[] {
    this.#changedBefore.clear();
    return this.#made.splice(0);
  }
}

/** What was made for items of a loop that are not done again. */
function madeForGood(
  plan: Plan,
  ends: ReturnType<typeof endsOf>,
  items: readonly Judgement[],
): readonly ChangeRecord[] {
  if (plan.parts === undefined) return [];
  return partsWith(plan, ends).flatMap((part, index) => {
    if (items[index]?.isToRepeat !== false) return [];
    return part.ends.flatMap(({ change, end }) => (end.type === 'done' ? [recordOf(change)] : []));
  });
}

/** Commands that failed, which is what was asked of them. */
function failedCommands(ends: ReturnType<typeof endsOf>): readonly ChangeRecord[] {
  return ends.flatMap(({ change, end }) =>
    end.type === 'failed' && change.kind === 'command' ? [recordOf(change)] : [],
  );
}
