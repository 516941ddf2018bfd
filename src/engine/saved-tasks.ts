import * as v from 'valibot';
import type { Query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import type { BoundStep, Plan, Refusal, Step } from '../steps/step.ts';
import { allChanges } from './plan-effects.ts';

/** A task of one host that was decided before: its changes are known, and what they must find. */
export interface SavedTask {
  /** As the step of it was called. */
  readonly step: string;
  /** Whether its changes are made in a confirm window. */
  readonly network: boolean;
  readonly queries: readonly Query[];
  /** The changes, when the host is as they must find it. */
  readonly plan: (state: HostState) => Plan | Refusal;
}

/** Whether tasks in a row are done on a host already, by an earlier run. */
export type AreDone<Task> = (tasks: readonly Task[], state: HostState) => boolean;

/**
 * The saved tasks of a host as bound steps, in their order. Nothing is done on a host on which one
 * of them cannot be done: each looks at all that follow, in the world that those before leave. What an
 * earlier run has done of them, from the first on, is passed over.
 */
export function bindSaved<Task extends SavedTask>(
  tasks: readonly Task[],
  areDone: AreDone<Task> = () => false,
): readonly BoundStep[] {
  return tasks.map(({ network }, index) => {
    const left = tasks.slice(index);
    return {
      queries: left.flatMap(({ queries }) => queries),
      network,
      plan: (state) => planFirst(left, state, areDone),
      leave: null,
    };
  });
}

/** A step that is bound before it meets its host; a host without it has nothing to do. */
export function savedStep(name: string, bound: ReadonlyMap<string, BoundStep>): Step {
  return {
    name,
    summary: 'Does what was decided before.',
    on: ['dom0', 'domU', 'host'],
    params: v.strictObject({}),
    shorthand: null,
    expressions: [],
    mustSay: [],
    isReadOnly: false,
    addsToFleet: null,
    mayBeNetwork: [...bound.values()].some(({ network }) => network),
    canLeave: false,
    mayPrepare: [...bound.values()].some(({ prepare }) => prepare !== undefined),
    bind: ({ host }) => bound.get(host.name) ?? idle,
  };
}

const idle: BoundStep = {
  queries: [],
  network: false,
  plan: () => ({ changes: [] }),
  leave: null,
};

function planFirst<Task extends SavedTask>(
  tasks: readonly Task[],
  observed: HostState,
  areDone: AreDone<Task>,
): Plan | Refusal {
  const plan = planAll(tasks, observed);
  if (!('refusal' in plan)) return plan;
  const isBegun = tasks.some((_, index) => {
    const isDone = areDone(tasks.slice(0, index + 1), observed);
    return isDone && !('refusal' in planAll(tasks.slice(index + 1), observed));
  });
  return isBegun ? { changes: [] } : plan;
}

/** What the first does, when all can be done. */
function planAll(tasks: readonly SavedTask[], observed: HostState): Plan | Refusal {
  let state = observed;
  let first: Plan | null = null;
  for (const task of tasks) {
    const plan = task.plan(state);
    if ('refusal' in plan) return plan;
    first ??= plan;
    for (const change of allChanges(plan)) state = state.after(change);
  }
  return first ?? { changes: [] };
}
