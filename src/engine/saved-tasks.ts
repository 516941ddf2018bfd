import * as v from 'valibot';
import type { Query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import type { BoundStep, Plan, Refusal, Step } from '../steps/step.ts';
import { allChanges } from './leg-plan.ts';

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

/**
 * The saved tasks of a host as bound steps, in their order. Nothing is done on a host on which one
 * of them cannot be done: each looks at all that follow, in the world that those before leave.
 */
export function bindSaved(tasks: readonly SavedTask[]): readonly BoundStep[] {
  return tasks.map(({ network }, index) => {
    const left = tasks.slice(index);
    return {
      queries: left.flatMap(({ queries }) => queries),
      network,
      plan: (state) => planFirst(left, state),
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
    canLeave: false,
    bind: ({ host }) => bound.get(host.name) ?? idle,
  };
}

const idle: BoundStep = {
  queries: [],
  network: false,
  plan: () => ({ changes: [] }),
  leave: null,
};

function planFirst(tasks: readonly SavedTask[], observed: HostState): Plan | Refusal {
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
