import { setTimeout as pause } from 'node:timers/promises';
import { ConnectionError } from '../connection/transport.ts';
import type { Observation } from '../host/look-program.ts';
import type { Query } from '../host/query.ts';
import { HostState } from '../host/state.ts';
import { nothingTold } from '../playbook/knowledge.ts';
import { explainTo } from './explain-leg.ts';
import type { Foreseen, PlannedTask } from './foreseen.ts';
import { type Connect, firstWordMs, HostContact } from './host-contact.ts';
import type { HostShell } from './host-shell.ts';
import { type Introduction, introduce, introductionQueries, stuckEnding } from './introduction.ts';
import { keptBy } from './kept-files.ts';
import { lackOf } from './lacking.ts';
import type { LegOptions, LegResult } from './leg-options.ts';
import { foresee } from './leg-plan.ts';
import { leftResult, legResult } from './leg-result.ts';
import { LegSight } from './leg-sight.ts';
import { LegTasks } from './leg-tasks.ts';
import type { Leg } from './legs.ts';
import { LostError } from './lost-error.ts';
import { nextBoot } from './next-boot.ts';
import { PlainActs } from './plain-acts.ts';
import { allChanges } from './plan-effects.ts';
import { predict } from './predict.ts';
import { prepareTasks } from './prepare-tasks.ts';
import { cutSegments } from './segment.ts';
import { undoOverdue } from './window-shell.ts';
import { ofRun } from './window-words.ts';
import { Windows } from './windows.ts';

/** How often a host that moved under the plan is observed and planned again. */
const mostReplans = 3;

/** Whoever else changes the host gets this long to finish; twice that the next time, and up to twice that by chance. */
const firstPauseMs = 50;

/**
 * Observes, plans and acts for one host over connections that `connect` makes: one, unless it is
 * lost in the middle, and one more for each confirm window. Rejects with `ConnectionError` when the
 * host cannot be reached or gives no usable shell before anything was done to it. Resolves at once
 * when the operator leaves.
 */
export async function runLeg(leg: Leg, options: LegOptions, connect: Connect): Promise<LegResult> {
  const contact = new HostContact(connect, options.leaving, firstWordMs(leg.host));
  const run = new LegRun(leg, options, contact);
  let leave = (): void => {};
  const left = new Promise<LegResult>((resolve) => {
    leave = () => resolve(run.leave());
    options.leaving.addEventListener('abort', leave, { once: true });
    if (options.leaving.aborted) leave();
  });
  try {
    return await Promise.race([left, run.finish()]);
  } finally {
    options.leaving.removeEventListener('abort', leave);
    contact.leave();
  }
}

class LegRun {
  readonly #leg: Leg;
  readonly #options: LegOptions;
  readonly #contact: HostContact;
  readonly #tasks: LegTasks;
  readonly #acts: PlainActs;
  readonly #windows: Windows;
  readonly #sight = new LegSight();
  #controller: string | null = null;
  #isIntroduced = false;
  #wasStopped = false;

  constructor(leg: Leg, options: LegOptions, contact: HostContact) {
    this.#leg = leg;
    this.#options = options;
    this.#contact = contact;
    const { inventory, known = nothingTold, emit, addToFleet } = options;
    this.#tasks = new LegTasks(leg, inventory, known, emit, keptBy(options), addToFleet);
    this.#acts = new PlainActs(leg, options, contact, this.#tasks);
    this.#windows = new Windows(leg, options, contact, this.#tasks);
  }

  async finish(): Promise<LegResult> {
    for (let replans = 0; ; replans += 1) {
      try {
        if ((await this.#observeAndGoOn()) === 'done') return this.#result();
        if (replans === mostReplans) return this.#moved();
        await pause(firstPauseMs * 2 ** replans * (1 + Math.random()));
      } catch (error) {
        if (error instanceof ConnectionError && this.#hasActed) return this.#lost(error);
        if (!(error instanceof LostError)) throw error;
        if (replans === mostReplans || !this.#acts.canResume) return this.#lost(error);
        this.#contact.leave();
      }
    }
  }

  /** The operator leaves: what stands so far. */
  leave(): LegResult {
    this.#tasks.silence();
    return leftResult(this.#tasks, this.#hasActed, this.#windows.secondsLeft);
  }

  #result(): LegResult {
    return legResult(this.#tasks, this.#wasStopped);
  }

  /** The host changed under every plan. */
  #moved(): LegResult {
    this.#acts.giveUp(
      `the host changed under the plan ${mostReplans + 1} times`,
      'something else manages the same settings: stop it, or run again',
    );
    return this.#result();
  }

  /** Throws `ConnectionError` when the host was only looked at: then it is just unreachable. */
  #lost({ message }: LostError | ConnectionError): LegResult {
    if (!this.#hasActed) {
      throw new ConnectionError('network', `the connection was lost: ${message}`);
    }
    this.#acts.giveUp(
      `the connection was lost while changes were being made (${message}): what was done is unknown`,
      'run again with --check to see what is left to do',
    );
    return this.#result();
  }

  /** Observes for all open tasks, and plans and acts until they end or must be seen anew. */
  async #observeAndGoOn(): Promise<'done' | 'stale'> {
    const tasks = this.#tasks;
    tasks.tell('connect', null);
    const queries = this.#queries();
    const shell = await this.#contact.shell(this.#options.stopping, queries);
    tasks.tell('look', null);
    let state: HostState | null = this.#seen(await shell.look(queries));
    const { overdue, ending } = this.#introduce(state);
    if (ending !== null) {
      tasks.giveUp(ending, ending.error.message);
      return 'done';
    }
    if (overdue !== null) {
      tasks.tell('undo', null);
      tasks.note('warning', `undoing what ${ofRun(overdue)} left in its confirm window`);
      const undone = await undoOverdue(shell, overdue, this.#options.identity);
      if (undone?.type !== 'incomplete') return 'stale';
      const stuck = stuckEnding(overdue, undone.why);
      tasks.giveUp(stuck, stuck.error.message);
      return 'done';
    }
    while (state !== null && tasks.open.length > 0) {
      tasks.learn(state);
      await prepareTasks(tasks, state);
      const { check, foretold } = this.#options;
      const before: HostState = foretold?.over(state) ?? state;
      const foreseen = foresee(tasks.open, before, tasks.known, this.#sight.foresight(check));
      if (foreseen.wants.length > 0) {
        const seen = await (await this.#shell()).look(foreseen.wants);
        state = state.with(this.#sight.keep(seen));
        continue;
      }
      if (!check && foreseen.isOpen && foreseen.tasks.length === 0) {
        // nothing that is to be done could ever tell it
        tasks.fail({ message: 'it needs what no task before it tells', hint: null }, []);
        continue;
      }
      explainTo(this.#options, this.#leg.host, tasks, before, foreseen);
      const lack = lackOf(foreseen, tasks, before, this.#options.confirm.isOff);
      if (lack !== null) tasks.refuse(lack.place, lack.error);
      else if (check) predict(tasks, before, foretold?.isOpen === true ? null : foreseen);
      if (lack === null) foretold?.add(foreseen);
      if (tasks.open.length === 0) break;
      const next = await this.#goOn(foreseen, state);
      if (next === 'stale') return 'stale';
      state = next;
    }
    this.#contact.end();
    return 'done';
  }

  /** Does what is foreseen; gives the state to go on from, null when the leg is over. */
  async #goOn(foreseen: Foreseen, observed: HostState): Promise<HostState | null | 'stale'> {
    const tasks = this.#tasks;
    const { tasks: planned, refusal, isOpen } = foreseen;
    const segments = cutSegments(planned, this.#options.confirm.isOff);
    let answers: HostState | null = planned.some(hasWork) ? null : observed;
    const ahead = this.#sight.behind(foreseen, tasks.open);
    for (const [index, { kind, tasks: cutOff }] of segments.entries()) {
      const mayFinish = kind === 'act' && this.#hasActed;
      if (cutOff.some(hasWork) && this.#options.stopping.aborted && !mayFinish) return this.#stop();
      if (kind === 'act') {
        const end = await this.#acts.carryOut(cutOff, index === segments.length - 1 ? ahead : 0);
        if (end === 'stale') return 'stale';
        if (end === 'stopped') return this.#stop();
        if (end.restartsWithinSeconds !== undefined) {
          return await this.#goOnAfterRestart(end.restartsWithinSeconds, observed);
        }
        if (tasks.ending !== null) return null;
        if (end.isCut) return await this.#goOnAfter(end.repeatAfterSeconds ?? 0);
        answers = end.answers === null ? answers : this.#seen(end.answers);
      } else {
        const goesOn = isOpen || index < segments.length - 1;
        const end = await this.#windows.carryOut(cutOff, this.#controller, goesOn);
        if (end === 'stale') return 'stale';
        if (end === 'stopped') return this.#stop();
        answers = null;
      }
      if (tasks.ending !== null) return null;
    }
    if (refusal !== null) tasks.fail(refusal, []);
    return tasks.open.length === 0 ? null : (answers ?? (await this.#lookOn()));
  }

  /** What follows is planned anew, from what is there so many seconds later. */
  async #goOnAfter(seconds: number): Promise<HostState | null> {
    if (this.#tasks.open.length === 0) return null;
    if (seconds > 0) {
      this.#tasks.tell('wait', this.#tasks.open[0]?.task.name ?? null);
      const { stopping, leaving } = this.#options;
      const interrupted = AbortSignal.any([stopping, leaving]);
      await pause(seconds * 1000, undefined, { signal: interrupted }).catch(() => {});
      if (stopping.aborted) return this.#stop();
    }
    return await this.#lookOn();
  }

  /** The host restarts: goes on over a new connection, once it is another boot. */
  async #goOnAfterRestart(seconds: number, before: HostState): Promise<HostState | null> {
    const tasks = this.#tasks;
    tasks.tell('wait', null);
    const queries = this.#sight.queriesOf(tasks);
    const end = await nextBoot(this.#contact, queries, before, seconds, this.#options);
    switch (end.type) {
      case 'booted':
        return tasks.open.length === 0 ? null : end.state;
      case 'left':
        return this.#stop();
      case 'late':
        tasks.giveUp(
          { status: 'failed', error: { message: end.message, hint: null } },
          end.message,
        );
        return null;
    }
  }

  /** Whether something that changes the host was sent. */
  get #hasActed(): boolean {
    return this.#acts.hasBegun || this.#windows.hasBegun;
  }

  #stop(): null {
    this.#wasStopped = true;
    return null;
  }

  /** After a window, over the connection that it was confirmed on. */
  async #lookOn(): Promise<HostState> {
    const queries = this.#sight.queriesOf(this.#tasks);
    const shell = await this.#contact.shell(this.#options.leaving, queries);
    return this.#seen(await shell.look(queries));
  }

  #seen(answers: ReadonlyMap<string, Observation>): HostState {
    return new HostState(this.#sight.keep(answers));
  }

  #shell(): Promise<HostShell> {
    return this.#contact.shell(this.#options.leaving);
  }

  #queries(): readonly Query[] {
    const own = introductionQueries(this.#leg.host);
    return [...this.#sight.queriesOf(this.#tasks), ...own];
  }

  /** Hears who the host is, and who is at it. */
  #introduce(state: HostState): Introduction {
    const introduction = introduce(this.#leg.host, state, this.#options);
    this.#controller = introduction.controller;
    if (!this.#isIntroduced) {
      for (const note of introduction.notes) this.#tasks.note('warning', note);
    }
    this.#isIntroduced = true;
    return introduction;
  }
}

function hasWork({ plan }: PlannedTask): boolean {
  return allChanges(plan).length > 0;
}
