import type { HostState } from '../host/state.ts';
import type { BoundStep, Plan, Refusal } from '../steps/step.ts';

interface Remembered {
  readonly seen: readonly unknown[];
  readonly plan: Plan | Refusal;
}

/** What steps decided in a leg, and from which answers: the same lead to the same plan. */
export class PlanMemory {
  readonly #last = new Map<BoundStep, Remembered>();

  /** What a step decides on a host that is so. */
  plan(bound: BoundStep, state: HostState): Plan | Refusal {
    // with what is prepared it may decide otherwise
    if (bound.prepare !== undefined) return bound.plan(state);
    const seen = bound.queries.map((one) => state.get(one));
    const last = this.#last.get(bound);
    if (last?.seen.every((one, index) => one === seen[index]) === true) return last.plan;
    const plan = bound.plan(state);
    this.#last.set(bound, { seen, plan });
    return plan;
  }
}
