import { type Change, isOpaque } from '../host/change.ts';
import type { Query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import { factQueries } from '../playbook/facts.ts';
import { failedJudgement, type Judgement, type Outcome } from '../playbook/judge.ts';
import { noKeywords } from '../playbook/keywords.ts';
import {
  afterEnding,
  type Ending,
  type Knowledge,
  untold,
  whyPassedOver,
} from '../playbook/knowledge.ts';
import { type Prepared, type Ready, skipped } from '../playbook/prepare.ts';
import type { BoundStep, Plan, Refusal } from '../steps/step.ts';
import type { ChangeRecord } from './events.ts';
import type { LegError } from './leg-options.ts';
import type { BoundTask, LegTasks, OpenTask } from './leg-tasks.ts';
import { recordOf } from './records.ts';

/** A task with what is to be done for it. */
export interface PlannedTask extends BoundTask {
  readonly plan: Plan;
  readonly outlook: Outlook;
}

/** What is to become of a task. */
export type Outlook =
  | { readonly type: 'do'; readonly judge: Ready['judge'] }
  /** Nothing is done: why. */
  | { readonly type: 'skip'; readonly why: string; readonly judgement: Judgement }
  /** It cannot be done, and the play goes on all the same. */
  | { readonly type: 'fail'; readonly error: LegError; readonly judgement: Judgement };

/** The first open tasks with their plans, as far as can be foreseen. */
export interface Foreseen {
  readonly tasks: readonly PlannedTask[];
  /** Why the task after these cannot be done, which ends the play; null when it ends for another reason. */
  readonly refusal: (LegError & Pick<Refusal, 'isLack'>) | null;
  /** Whether they do something whose effect must be observed before going on. */
  readonly isOpen: boolean;
  /** What must be looked at before more can be foreseen; that may be done at once. */
  readonly wants: readonly Query[];
}

/**
 * Plans tasks, each in the world that those before it leave, up to a refusal or an opaque change. What
 * of the network follows that and asks nothing goes with it, so that both are confirmed at once.
 */
export function foresee(
  tasks: readonly OpenTask[],
  observed: HostState,
  told: Knowledge,
): Foreseen {
  let state = observed;
  let known = told;
  let isOpen = false;
  const planned: PlannedTask[] = [];
  const end = (rest: Partial<Foreseen> = {}): Foreseen => ({
    ...{ tasks: planned, refusal: null, isOpen, wants: [] },
    ...rest,
  });
  for (const [place, task] of tasks.entries()) {
    const { keywords = noKeywords } = task.task;
    const passedOver = whyPassedOver(known, keywords);
    const prepared: Prepared = passedOver === null ? task.prepare(known) : skipped(passedOver);
    if (prepared.type === 'skipped') {
      const { judgement } = prepared;
      planned.push(idle(task, { type: 'skip', why: prepared.why, judgement }));
      known = afterEnding(known, keywords, endingOf(judgement, idlePlan));
      continue;
    }
    if (prepared.type === 'waits') {
      if (known.facts !== null || isOpen) return end({ isOpen: true });
      const wants = factQueries.filter((asked) => state.get(asked) === undefined);
      return wants.length > 0 ? end({ wants }) : end({ refusal: noFacts });
    }
    const bound = prepared.type === 'ready' ? prepared.bound : idleBound;
    if (isOpen && !isBlind(bound, planned.at(-1))) break;
    const wants = bound.queries.filter((asked) => state.get(asked) === undefined);
    if (wants.length > 0) {
      return end({ wants: [...wants, ...queriesOf(tasks.slice(place + 1), known, observed)] });
    }
    const plan: Plan | Refusal =
      prepared.type === 'ready' ? bound.plan(state) : { refusal: prepared.message, hint: null };
    if ('refusal' in plan) {
      if (plan.isOutdated === true) return end({ isOpen: true });
      const { refusal: message, hint, isLack = false } = plan;
      const judgement =
        prepared.type === 'ready' ? prepared.fail(message) : failedJudgement(message);
      const after = afterEnding(known, keywords, endingOf(judgement, idlePlan));
      const isLast = !tasks
        .slice(place + 1)
        .some((later) => whyPassedOver(after, later.task.keywords ?? noKeywords) === null);
      if (isLack || (judgement.status === 'failed' && isLast)) {
        return end({ refusal: { message, hint, isLack }, isOpen: false });
      }
      known = after;
      planned.push(idle(task, { type: 'fail', error: { message, hint }, judgement }));
      continue;
    }
    if (prepared.type === 'wrong') continue; // it was a refusal
    const outlook: Outlook = { type: 'do', judge: prepared.judge };
    planned.push({ ...task, bound, plan, isNetwork: bound.network, outlook });
    isOpen ||= allChanges(plan).some(isOpaque);
    const judgement = isOpen ? null : prepared.judge(outcomesOf(plan));
    known = afterEnding(known, keywords, endingOf(judgement, plan));
    const isWaiting = plan.failure !== undefined && plan.patience !== undefined;
    if (judgement?.isToRepeat === true || isWaiting) return end({ isOpen: true });
    if (plan.restartsWithinSeconds !== undefined) return end({ isOpen: true });
    state = stateAfter(plan, state);
  }
  return end();
}

/** Whether it can be planned without knowing what the one before it did, and is undone with that. */
function isBlind({ queries, network }: BoundStep, before: PlannedTask | undefined): boolean {
  return queries.length === 0 && network && (before?.isNetwork ?? false);
}

/** What tasks ask that can be told by now, and what the host lacks for them. */
export function queriesOf(
  tasks: readonly OpenTask[],
  told: Knowledge,
  seen: HostState | null = null,
): readonly Query[] {
  let known = told;
  const asked: Query[] = [];
  for (const task of tasks) {
    const { keywords = noKeywords } = task.task;
    const prepared = task.prepare(known);
    if (prepared.type === 'ready') asked.push(...prepared.bound.queries);
    if (prepared.type === 'waits' && known.facts === null) asked.push(...factQueries);
    known = afterEnding(known, keywords, nobodyKnows);
  }
  return seen === null ? asked : asked.filter((one) => seen.get(one) === undefined);
}

/** Check mode: the plans are the results, and nothing is sent. */
export function predict(
  tasks: LegTasks,
  observed: HostState,
  { tasks: planned, refusal }: Foreseen = foresee(tasks.open, observed, tasks.known),
): void {
  let state = observed;
  for (const task of planned) {
    const { plan } = task;
    if (plan.changes.some(isOpaque)) {
      const message = 'would run; what it does is unknown until applied';
      tasks.end({
        ...{ status: 'unknown', changes: plan.changes.map(recordOf), message },
        pending: plan.pending ?? [],
      });
    } else if (plan.failure !== undefined && plan.patience !== undefined) {
      const message = `would wait: ${plan.failure}`;
      tasks.end({ status: 'unknown', changes: [], message });
    } else endAs(tasks, task, outcomesOf(plan), plan.changes.map(recordOf));
    if (tasks.ending !== null) return;
    state = stateAfter(plan, state);
  }
  if (refusal !== null) tasks.fail(refusal, []);
  else predictUnknown(tasks, state);
}

/** The first open task ended so, by what became of its parts. */
export function endAs(
  tasks: LegTasks,
  { outlook, plan }: PlannedTask,
  outcomes: readonly Outcome[],
  changes: readonly ChangeRecord[],
  message: string | null = plan.message ?? null,
): void {
  switch (outlook.type) {
    case 'skip':
      tasks.end({ status: 'skipped', changes: [], message: outlook.why }, outlook.judgement);
      break;
    case 'fail':
      tasks.fail(outlook.error, changes, outlook.judgement);
      break;
    case 'do': {
      const judgement = outlook.judge(outcomes);
      const { status, failure } = judgement;
      if (failure !== null) {
        tasks.fail({ message: failure, hint: null }, changes, judgement);
        break;
      }
      const isChanged = status === 'changed';
      tasks.end(
        { status: isChanged ? status : 'ok', changes, pending: plan.pending ?? [], message },
        judgement,
        plan.sets,
      );
    }
  }
}

/** What follows an opaque change can't be told: it is planned from what is there now, and says so. */
function predictUnknown(tasks: LegTasks, observed: HostState): void {
  let state = observed;
  while (tasks.open.length > 0) {
    const [task] = tasks.open;
    if (task === undefined) return;
    const passedOver = whyPassedOver(tasks.known, task.task.keywords ?? noKeywords);
    const prepared: Prepared =
      passedOver === null ? task.prepare(tasks.known) : skipped(passedOver);
    if (prepared.type === 'skipped') {
      tasks.end({ status: 'skipped', changes: [], message: prepared.why });
      continue;
    }
    const plan = prepared.type === 'ready' ? guessed(prepared.bound, state) : null;
    const changes = plan !== null && 'changes' in plan ? plan.changes : [];
    const guess =
      plan === null
        ? ''
        : `; as things stand, it ${'refusal' in plan ? `would fail: ${plan.refusal}` : `would make ${inWords(changes)}`}`;
    tasks.end({
      status: 'unknown',
      changes: changes.map(recordOf),
      message: `unknown until applied${guess}`,
    });
    if (plan !== null && 'changes' in plan) state = stateAfter(plan, state);
  }
}

/** null: not even that can be told. */
function guessed(bound: BoundStep, state: HostState): Plan | Refusal | null {
  if (bound.queries.some((asked) => state.get(asked) === undefined)) return null;
  const plan = bound.plan(state);
  return 'refusal' in plan && plan.isOutdated === true ? null : plan;
}

/** All changes of a plan in order: those that count, then upkeep. */
export function allChanges(plan: Plan): readonly Change[] {
  return [...plan.changes, ...(plan.upkeep ?? [])];
}

/** What a plan comes to when all of it is done and none of it prints anything. */
function outcomesOf(plan: Plan): readonly Outcome[] {
  return partsOf(plan).map(({ changes, failure = null, data = {} }) => ({
    ...{ isChanged: changes.length > 0, failure, data },
  }));
}

/** The plans of a loop's items, else the plan. */
export function partsOf(plan: Plan): readonly Plan[] {
  return plan.parts ?? [plan];
}

const noFacts = {
  message: 'the facts of this host are not known',
  hint: 'a task that is done elsewhere knows those that tasks before it have asked for',
  isLack: false,
};

const idlePlan: Plan = { changes: [] };
const idleBound: BoundStep = { queries: [], network: false, plan: () => idlePlan, leave: null };

function idle(task: OpenTask, outlook: Outlook): PlannedTask {
  return { ...task, bound: idleBound, isNetwork: false, plan: idlePlan, outlook };
}

const nobodyKnows: Ending = { status: 'untold', result: untold, sets: {} };

/** null: nobody can tell how it ends. */
function endingOf(judgement: Judgement | null, { sets = {} }: Plan): Ending {
  if (judgement !== null) return { ...judgement, sets };
  const unset = Object.keys(sets).map((name) => [name, untold] as const);
  return { ...nobodyKnows, sets: Object.fromEntries(unset) };
}

function stateAfter(plan: Plan, state: HostState): HostState {
  return allChanges(plan).reduce((before: HostState, change) => before.after(change), state);
}

function inWords(changes: readonly Change[]): string {
  if (changes.length === 0) return 'no change';
  return changes.length === 1 ? '1 change' : `${changes.length} changes`;
}
