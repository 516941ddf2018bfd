import type { HostState } from '../host/state.ts';
import type { Plan } from '../steps/step.ts';
import type { Foreseen } from './foreseen.ts';
import { stateAfter } from './plan-effects.ts';

/** What a check has foreseen of a host leg after leg: later legs plan as if it were done. */
export class Foretold {
  readonly #plans: Plan[] = [];
  #isOpen = false;

  /** Whether what a leg does is unknown until it is done: so is all behind it. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The host as the legs before leave it. */
  over(observed: HostState): HostState {
    return this.#plans.reduce((state: HostState, plan) => stateAfter(plan, state), observed);
  }

  /** A leg is foreseen. */
  add({ tasks, isOpen }: Foreseen): void {
    this.#plans.push(...tasks.map(({ plan }) => plan));
    this.#isOpen ||= isOpen;
  }
}
