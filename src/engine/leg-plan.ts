import { type Change, isOpaque } from '../host/change.ts';
import type { Observation } from '../host/look-program.ts';
import { type Query, queryKey } from '../host/query.ts';
import { HostState } from '../host/state.ts';
import { factNames, factQueries } from '../playbook/facts.ts';
import { failedJudgement, type Judgement, skippedJudgement } from '../playbook/judge.ts';
import { type Keywords, noKeywords } from '../playbook/keywords.ts';
import {
  afterEnding,
  type Ending,
  type Knowledge,
  newlyNoted,
  whyPassedOver,
} from '../playbook/knowledge.ts';
import { type Prepared, type Ready, skipped } from '../playbook/prepare.ts';
import type { BoundStep, Plan, Refusal } from '../steps/step.ts';
import { expectedEnding, unknownEnding } from './expected-ending.ts';
import type { Foreseen, Outlook, PlannedTask } from './foreseen.ts';
import { hasFetched } from './kept-files.ts';
import { queriesOf } from './leg-queries.ts';
import { noteHandled, noteOf } from './notices.ts';
import type { OpenTask } from './open-task.ts';
import { allChanges, predictedOutcomes, stateAfter } from './plan-effects.ts';
import { PlanMemory } from './plan-memory.ts';
import { recordOf } from './records.ts';

/**
 * Plans tasks, each in the world that those before it leave, up to a refusal or an opaque change. What
 * of the network follows that and asks nothing goes with it, so that both are confirmed at once.
 */
export function foresee(
  tasks: readonly OpenTask[],
  observed: HostState,
  told: Knowledge,
  { isCheck = false, ahead = all, memory = new PlanMemory() }: Partial<ForesightOptions> = {},
): Foreseen {
  return new Foresight(tasks, observed, told, { isCheck, ahead, memory }).all();
}

interface ForesightOptions {
  readonly isCheck: boolean;
  readonly ahead: Ahead;
  /** Of earlier decisions in the leg. */
  readonly memory: PlanMemory;
}

/** How many of these tasks, which are behind one that asks what is not known, are looked at with it. */
type Ahead = (tasks: readonly OpenTask[], known: Knowledge) => number;

const all: Ahead = ({ length }) => length;

/** What is foreseen by now. What plans one task gives what is foreseen if no task behind it can be; else null. */
class Foresight {
  readonly #tasks: readonly OpenTask[];
  readonly #observed: HostState;
  readonly #options: ForesightOptions;
  readonly #planned: PlannedTask[] = [];
  /** The host as the planned tasks leave it. */
  #state: HostState;
  /** What is known once they have ended. */
  #known: Knowledge;
  /** Whether they do something whose effect must be observed. */
  #isOpen = false;

  constructor(
    tasks: readonly OpenTask[],
    observed: HostState,
    told: Knowledge,
    options: ForesightOptions,
  ) {
    this.#tasks = tasks;
    this.#observed = observed;
    this.#options = options;
    this.#state = observed;
    this.#known = told;
  }

  all(): Foreseen {
    for (const [place, task] of this.#tasks.entries()) {
      const end = this.#next(task, place);
      if (end !== null) return end;
    }
    return this.#end();
  }

  #end(rest: Partial<Foreseen> = {}): Foreseen {
    const foreseen = { tasks: this.#planned, isOpen: this.#isOpen };
    const after = { known: this.#known, state: this.#state };
    return { ...foreseen, ...after, refusal: null, wants: [], ...rest };
  }

  #next(task: OpenTask, place: number): Foreseen | null {
    const passedOver = whyPassedOver(this.#known, keywordsOf(task));
    if (passedOver !== null) return this.#skip(task, skipped(passedOver), idlePlan);
    const prepared = task.prepare(this.#known);
    switch (prepared.type) {
      case 'skipped':
        return this.#skip(task, prepared, handled(idlePlan, keywordsOf(task), this.#known));
      case 'waits':
        return this.#wait(task, prepared.name);
      case 'wrong': {
        if (this.#isOpen) return this.#end();
        const { message } = prepared;
        return this.#fail(task, place, { refusal: message, hint: null }, failedJudgement(message));
      }
      case 'ready':
        return this.#plan(task, place, prepared);
    }
  }

  /** This is what becomes of the next task, and so it ends. */
  #add(task: PlannedTask, ending: Ending): null {
    this.#planned.push(task);
    this.#known = afterEnding(this.#known, keywordsOf(task), ending);
    return null;
  }

  #skip(
    task: OpenTask,
    { why, judgement }: Extract<Prepared, { readonly type: 'skipped' }>,
    plan: Plan,
  ): null {
    const outlook = { type: 'skip', why, judgement } as const;
    return this.#add({ ...idle(task, outlook), plan }, expectedEnding(judgement));
  }

  /** In a check: it changes nothing, but what it says depends on what others do. */
  #leaveUnknown(task: OpenTask): null {
    return this.#add(idle(task, { type: 'unknown' }), unknownEnding(task.task));
  }

  /** It needs the variable of that name, which is yet to come. */
  #wait(task: OpenTask, name: string): Foreseen | null {
    const isFact = factNames.includes(name);
    if (this.#isOpen) return this.#end({ isOpen: true });
    if (!isFact) {
      const isSafe = this.#options.isCheck && task.task.step.isReadOnly;
      return isSafe ? this.#leaveUnknown(task) : this.#end({ isOpen: true });
    }
    const wants = this.#unseen(factQueries);
    return this.#end(wants.length > 0 ? { wants } : { refusal: noFacts });
  }

  #plan(task: OpenTask, place: number, prepared: Ready): Foreseen | null {
    const { bound, judge } = prepared;
    if (this.#isOpen && !isBlind(bound, this.#planned.at(-1))) return this.#end();
    const wants = this.#unseen(bound.queries);
    if (!this.#options.isCheck && this.#willOutdate(wants)) return this.#end({ isOpen: true });
    if (wants.length > 0) {
      const behind = this.#tasks.slice(place + 1);
      const later = behind.slice(0, this.#options.ahead(behind, this.#known));
      const alsoAsked = queriesOf(later, this.#known, this.#observed);
      return this.#end({ wants: [...wants, ...alsoAsked] });
    }
    const decided = this.#options.memory.plan(bound, this.#state);
    const isTorn = 'changes' in decided && decided.isCutShort === true && bound.network;
    const plan = isTorn ? entangled : decided;
    if ('refusal' in plan) return this.#refuse(task, place, prepared, plan);
    return keywordsOf(task).isCheckOnly
      ? this.#say(task, plan, judge)
      : this.#do(task, plan, prepared);
  }

  #unseen(queries: readonly Query[]): readonly Query[] {
    return queries.filter((asked) => this.#state.get(asked) === undefined);
  }

  /** Whether what the planned tasks do makes these answers other ones: then they are asked for behind them. */
  #willOutdate(wants: readonly Query[]): boolean {
    const outputs = wants.filter(({ kind }) => kind === 'output');
    if (outputs.length === 0) return false;
    const anything: Observation = { failure: '' };
    const asked = new HostState(new Map(outputs.map((one) => [queryKey(one), anything])));
    const after = this.#planned.reduce((state, { plan }) => stateAfter(plan, state), asked);
    return outputs.some((one) => after.get(one) !== anything);
  }

  #refuse(
    task: OpenTask,
    place: number,
    { bound, fail }: Ready,
    refusal: Refusal,
  ): Foreseen | null {
    const isOutdated = refusal.isOutdated === true;
    const isSafe = this.#options.isCheck && bound.isReadOnly === true;
    if (isOutdated && isSafe) return this.#leaveUnknown(task);
    if (isOutdated && (place > 0 || this.#options.isCheck)) return this.#end({ isOpen: true });
    const said = isOutdated ? entangled : refusal;
    return this.#fail(task, place, said, fail(said.refusal));
  }

  /** It cannot be done; that ends the play unless another task is for that, or it counts for nothing. */
  #fail(
    task: OpenTask,
    place: number,
    { refusal: message, hint, isLack = false }: Refusal,
    judgement: Judgement,
  ): Foreseen | null {
    const ending = expectedEnding(judgement);
    const after = afterEnding(this.#known, keywordsOf(task), ending);
    const isLast = !this.#tasks
      .slice(place + 1)
      .some((later) => whyPassedOver(after, keywordsOf(later)) === null);
    if (isLack || (judgement.status === 'failed' && isLast)) {
      return this.#end({ refusal: { message, hint, isLack }, isOpen: false });
    }
    return this.#add(idle(task, { type: 'fail', error: { message, hint }, judgement }), ending);
  }

  /** It is only planned (`check_mode`). */
  #say(task: OpenTask, plan: Plan, judge: Ready['judge']): null {
    const outlook = onlySaid(plan, judge);
    const unmade = { ...plan, changes: [], upkeep: [], parts: [] };
    return this.#add(
      { ...idle(task, outlook), plan: unmade },
      expectedEnding(outlook.judgement, plan),
    );
  }

  #do(task: OpenTask, plan: Plan, { bound, judge }: Ready): Foreseen | null {
    const keywords = keywordsOf(task);
    this.#isOpen ||= allChanges(plan).some(isOpaque);
    // whether what it fetches is here already is not known yet
    const isTold = !this.#isOpen && !hasFetched(plan);
    const judgement = isTold ? judge(predictedOutcomes(plan)) : null;
    this.#add(
      {
        ...{ ...task, bound, isNetwork: bound.network, outlook: { type: 'do', judge } },
        plan: handled(plan, keywords, this.#known),
        // another host's note would have this one do what it was never told to
        notice:
          task.subject === undefined ? noticeOf(plan, keywords, this.#known, judgement) : null,
      },
      expectedEnding(judgement, plan),
    );
    const isWaiting = plan.failure !== undefined && plan.patience !== undefined;
    if (judgement?.isToRepeat === true || isWaiting) return this.#end({ isOpen: true });
    if (plan.restartsWithinSeconds !== undefined || plan.isCutShort === true) {
      return this.#end({ isOpen: true });
    }
    this.#state = stateAfter(plan, this.#state);
    return null;
  }
}

function keywordsOf({ task: { keywords = noKeywords } }: OpenTask): Keywords {
  return keywords;
}

/** Nothing is before it: looking again would tell no more. */
const entangled: Refusal = {
  refusal: 'what it does for one item changes what it depends on for a later one',
  hint: 'write a task for each of these items: a confirm window is not cut',
};

/** With the note gone that an earlier task, or run, has left of it. */
function handled(plan: Plan, { handler }: Keywords, { noted }: Knowledge): Plan {
  if (handler === null || !noted.has(handler)) return plan;
  return { ...plan, upkeep: [...(plan.upkeep ?? []), noteHandled(handler)] };
}

function noticeOf(
  plan: Plan,
  { notify }: Keywords,
  known: Knowledge,
  judgement: Judgement | null,
): Change | null {
  if (allChanges(plan).length === 0) return null;
  const handlers = newlyNoted(known, notify, judgement?.status ?? 'untold');
  return handlers.length === 0 ? null : noteOf(handlers);
}

/** Whether it can be planned without knowing what the one before it did, and is undone with that. */
function isBlind({ queries, network }: BoundStep, before: PlannedTask | undefined): boolean {
  return queries.length === 0 && network && (before?.isNetwork ?? false);
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
