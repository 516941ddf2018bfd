import type { Change } from '../host/change.ts';
import type { Keywords } from '../playbook/keywords.ts';
import type { Scope } from '../playbook/scope.ts';
import type { BoundStep } from '../steps/step.ts';

/** What a task says of how its commands run: as whom, with which environment, for how long. */
export function withSurroundings(
  bound: BoundStep,
  { becomeUser, environment, timeoutSeconds }: Keywords,
  _scope: Scope,
): BoundStep {
  if (becomeUser === null && environment === null && timeoutSeconds === null) return bound;
  const around = (change: Change): Change => change;
  return {
    ...bound,
    plan: (state) => {
      const plan = bound.plan(state);
      return 'changes' in plan ? { ...plan, changes: plan.changes.map(around) } : plan;
    },
  };
}
