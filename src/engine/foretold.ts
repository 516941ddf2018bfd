import type { HostState } from '../host/state.ts';
import type { Plan } from '../steps/step.ts';
import type { PlannedTask } from './foreseen.ts';
import { stateAfter } from './plan-effects.ts';

/** What a check has foreseen of a host leg after leg: later legs plan as if it were done. */
export class Foretold {
  readonly #plans: Plan[] = [];

  /** The host as the legs before leave it. */
  over(observed: HostState): HostState {
    return this.#plans.reduce((state: HostState, plan) => stateAfter(plan, state), observed);
  }

  /** A leg is foreseen. */
  add(tasks: readonly PlannedTask[]): void {
    this.#plans.push(...tasks.map(({ plan }) => plan));
  }
}
