import type { Knowledge } from '../playbook/knowledge.ts';
import type { Prepared } from '../playbook/prepare.ts';
import type { BoundStep } from '../steps/step.ts';
import type { LegTask } from './legs.ts';

/** A task that has not ended yet, on its host. */
export interface OpenTask extends LegTask {
  readonly prepare: (known: Knowledge) => Prepared;
}

/** A task that can be planned. */
export interface BoundTask extends OpenTask {
  readonly bound: BoundStep;
  /** Whether its changes could cut the host off. */
  readonly isNetwork: boolean;
}
