import type { Change } from '../host/change.ts';
import type { HostState } from '../host/state.ts';
import type { Outcome } from '../playbook/judge.ts';
import type { Plan } from '../steps/step.ts';

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

/** What a host is like once all of a plan is done. */
export function stateAfter(plan: Plan, state: HostState): HostState {
  return allChanges(plan).reduce((before: HostState, change) => before.after(change), state);
}
