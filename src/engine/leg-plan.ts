import { type Change, isOpaque } from '../host/change.ts';
import type { Query } from '../host/query.ts';
import { HostState } from '../host/state.ts';
import { factNames, factQueries } from '../playbook/facts.ts';
import {
  failedJudgement,
  type Judgement,
  type Outcome,
  skippedJudgement,
} from '../playbook/judge.ts';
import { type Keywords, noKeywords } from '../playbook/keywords.ts';
import {
  afterEnding,
  type Ending,
  type Knowledge,
  newlyNoted,
  untold,
  whyPassedOver,
} from '../playbook/knowledge.ts';
import { namesUsed } from '../playbook/names-used.ts';
import { untoldSets } from '../playbook/others.ts';
import { type Prepared, type Ready, skipped } from '../playbook/prepare.ts';
import type { BoundStep, Plan, Refusal } from '../steps/step.ts';
import type { ChangeRecord } from './events.ts';
import { hasFetched } from './kept-files.ts';
import type { LegError } from './leg-options.ts';
import type { BoundTask, LegTasks, OpenTask } from './leg-tasks.ts';
import { leaveNotice, takeNotice } from './notices.ts';
import { recordOf } from './records.ts';

/** A task with what is to be done for it. */
export interface PlannedTask extends BoundTask {
  readonly plan: Plan;
  /** Made before its changes: that handlers are to be run is known then, whatever comes. */
  readonly notice: Change | null;
  readonly outlook: Outlook;
}

/** What is to become of a task. */
export type Outlook =
  | { readonly type: 'do'; readonly judge: Ready['judge'] }
  /** Nothing is done: why. */
  | { readonly type: 'skip'; readonly why: string; readonly judgement: Judgement }
  /** It is not done, only said. */
  | {
      readonly type: 'say';
      readonly changes: readonly ChangeRecord[];
      readonly judgement: Judgement;
      readonly message: string | null;
    }
  /** In a check: it changes nothing, but what it says is not known before others are applied. */
  | { readonly type: 'unknown' }
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
  isCheck = false,
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
      const skip = idle(task, { type: 'skip', why: prepared.why, judgement });
      planned.push(
        passedOver === null ? { ...skip, plan: handled(idlePlan, keywords, known) } : skip,
      );
      known = afterEnding(known, keywords, endingOf(judgement, idlePlan));
      continue;
    }
    if (prepared.type === 'waits') {
      if (isCheck && task.task.step.isReadOnly && !isOpen && !factNames.includes(prepared.name)) {
        planned.push(idle(task, { type: 'unknown' }));
        known = afterEnding(known, keywords, unknownEnding(task));
        continue;
      }
      if (isOpen || !factNames.includes(prepared.name)) return end({ isOpen: true });
      const wants = factQueries.filter((asked) => state.get(asked) === undefined);
      return wants.length > 0 ? end({ wants }) : end({ refusal: noFacts });
    }
    const bound = prepared.type === 'ready' ? prepared.bound : idleBound;
    if (isOpen && !isBlind(bound, planned.at(-1))) break;
    const wants = bound.queries.filter((asked) => state.get(asked) === undefined);
    if (wants.length > 0) {
      return end({ wants: [...wants, ...queriesOf(tasks.slice(place + 1), known, observed)] });
    }
    const decided: Plan | Refusal =
      prepared.type === 'ready' ? bound.plan(state) : { refusal: prepared.message, hint: null };
    const isTorn = 'changes' in decided && decided.isCutShort === true && bound.network;
    const plan = isTorn ? entangled : decided;
    if ('refusal' in plan) {
      if (plan.isOutdated === true && isCheck && bound.isReadOnly === true) {
        planned.push(idle(task, { type: 'unknown' }));
        known = afterEnding(known, keywords, unknownEnding(task));
        continue;
      }
      if (plan.isOutdated === true && place > 0) return end({ isOpen: true });
      const said = plan.isOutdated === true ? entangled : plan;
      const { refusal: message, hint, isLack = false } = said;
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
    if (keywords.isCheckOnly) {
      const outlook = onlySaid(plan, prepared.judge);
      const unmade = { ...plan, changes: [], upkeep: [], parts: [] };
      planned.push({ ...idle(task, outlook), plan: unmade });
      known = afterEnding(known, keywords, endingOf(outlook.judgement, plan));
      continue;
    }
    const outlook: Outlook = { type: 'do', judge: prepared.judge };
    isOpen ||= allChanges(plan).some(isOpaque);
    // whether what it fetches is here already is not known yet
    const isTold = !isOpen && !hasFetched(plan);
    const judgement = isTold ? prepared.judge(predictedOutcomes(plan)) : null;
    planned.push({
      ...{ ...task, bound, isNetwork: bound.network, outlook },
      plan: handled(plan, keywords, known),
      notice: noticeOf(plan, keywords, known, judgement),
    });
    known = afterEnding(known, keywords, endingOf(judgement, plan));
    const isWaiting = plan.failure !== undefined && plan.patience !== undefined;
    if (judgement?.isToRepeat === true || isWaiting) return end({ isOpen: true });
    if (plan.restartsWithinSeconds !== undefined || plan.isCutShort === true) {
      return end({ isOpen: true });
    }
    state = stateAfter(plan, state);
  }
  return end();
}

/** Nothing is before it: looking again would tell no more. */
const entangled: Refusal = {
  refusal: 'what it does for one item changes what it depends on for a later one',
  hint: 'write a task for each of these items: a confirm window is not cut',
};

/** With the note gone that an earlier task, or run, has left of it. */
function handled(plan: Plan, { handler }: Keywords, { noted }: Knowledge): Plan {
  if (handler === null || !noted.has(handler)) return plan;
  return { ...plan, upkeep: [...(plan.upkeep ?? []), takeNotice(handler)] };
}

function noticeOf(
  plan: Plan,
  { notify }: Keywords,
  known: Knowledge,
  judgement: Judgement | null,
): Change | null {
  if (allChanges(plan).length === 0) return null;
  const handlers = newlyNoted(known, notify, judgement?.status ?? 'untold');
  return handlers.length === 0 ? null : leaveNotice(handlers);
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
    if (prepared.type === 'waits') {
      asked.push(...(prepared.queries ?? []));
      if (factNames.includes(prepared.name) || usesFacts(task.task)) asked.push(...factQueries);
    }
    known = afterEnding(known, keywords, beforehand(prepared, task));
  }
  return seen === null ? asked : asked.filter((one) => seen.get(one) === undefined);
}

const factUsers = new WeakMap<object, boolean>();

/** Whether a task asks for facts, whatever else it waits for. */
function usesFacts(task: OpenTask['task']): boolean {
  const { keywords = noKeywords } = task;
  const known =
    factUsers.get(keywords) ?? namesUsed(task).some(({ keys: [root] }) => factNames.includes(root));
  factUsers.set(keywords, known);
  return known;
}

/** What a task tells whatever its host is like (`set_fact`). */
function beforehand(prepared: Prepared, task: OpenTask): Ending {
  if (prepared.type === 'skipped') return endingOf(prepared.judgement, idlePlan);
  if (prepared.type !== 'ready' || prepared.bound.queries.length > 0) return unknownEnding(task);
  const plan = prepared.bound.plan(nothingSeen);
  if ('refusal' in plan || plan.changes.length > 0) return unknownEnding(task);
  return endingOf(prepared.judge(predictedOutcomes(plan)), plan);
}

/** The first open task ended so, by what became of its parts. */
export function endAs(
  tasks: LegTasks,
  planned: PlannedTask,
  outcomes: readonly Outcome[],
  changes: readonly ChangeRecord[],
  message: string | null = planned.plan.message ?? null,
): void {
  const { outlook, plan, play } = planned;
  switch (outlook.type) {
    case 'skip':
      tasks.end({ status: 'skipped', changes: [], message: outlook.why }, outlook.judgement);
      break;
    case 'unknown':
      tasks.end({ status: 'unknown', changes: [], message: 'unknown until applied' });
      break;
    case 'fail':
      tasks.fail(outlook.error, changes, outlook.judgement);
      break;
    case 'say':
      tasks.added(plan, predictedOutcomes(plan), planned);
      endJudged(tasks, outlook.judgement, { ...plan, ...outlook, isOnlySaid: true });
      break;
    case 'do': {
      const kept = tasks.kept(plan, outcomes, play.hostsPlace?.source.file ?? '');
      const all = tasks.added(plan, kept, planned);
      endJudged(tasks, outlook.judge(all), { ...plan, changes, message });
    }
  }
}

function endJudged(
  tasks: LegTasks,
  judgement: Judgement,
  { changes, pending = [], message, sets, isOnlySaid = false }: Said,
): void {
  const { status, failure } = judgement;
  if (failure !== null) {
    tasks.fail({ message: failure, hint: null }, isOnlySaid ? [] : changes, judgement);
    return;
  }
  const shown = status === 'changed' || status === 'skipped' ? status : 'ok';
  tasks.end({ status: shown, changes, pending, message, isOnlySaid }, judgement, sets);
}

/** What is said of a task that ended. */
interface Said extends Pick<Plan, 'pending' | 'sets'> {
  readonly changes: readonly ChangeRecord[];
  readonly message: string | null;
  /** Nothing of it was done. Absent: it was. */
  readonly isOnlySaid?: boolean;
}

/** A task that is only planned (`check_mode`). */
function onlySaid(plan: Plan, judge: Ready['judge']): Extract<Outlook, { readonly type: 'say' }> {
  const changes = plan.changes.map(recordOf);
  if (plan.changes.some(isOpaque)) {
    const message = 'only planned; what it does is unknown until it is done';
    return { type: 'say', changes: [], judgement: skippedJudgement(), message };
  }
  const message = plan.message ?? (changes.length > 0 ? 'only planned' : null);
  return { type: 'say', changes, judgement: judge(predictedOutcomes(plan)), message };
}

/** All changes of a plan in order: those that count, then upkeep. */
export function allChanges(plan: Plan): readonly Change[] {
  return [...plan.changes, ...(plan.upkeep ?? [])];
}

/** What a plan comes to when all of it is done and none of it prints anything. */
export function predictedOutcomes(plan: Plan): readonly Outcome[] {
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
  return { ...task, notice: null, bound: idleBound, isNetwork: false, plan: idlePlan, outlook };
}

const nothingSeen = new HostState(new Map());
const nobodyKnows: Ending = { status: 'untold', result: untold, sets: {} };

function unknownEnding({ task }: OpenTask): Ending {
  return { ...nobodyKnows, sets: untoldSets(task) };
}

/** null: nobody can tell how it ends. */
function endingOf(judgement: Judgement | null, { sets = {} }: Plan): Ending {
  if (judgement !== null) return { ...judgement, sets };
  const unset = Object.keys(sets).map((name) => [name, untold] as const);
  return { ...nobodyKnows, sets: Object.fromEntries(unset) };
}

/** What a host is like once all of a plan is done. */
export function stateAfter(plan: Plan, state: HostState): HostState {
  return allChanges(plan).reduce((before: HostState, change) => before.after(change), state);
}
