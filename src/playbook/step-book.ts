import type { Place } from '../source/source-text.ts';
import { steps } from '../steps/index.ts';
import type { Step } from '../steps/step.ts';

/** A step, and where a user wrote it; null: it is xpush's own. */
export interface KnownStep {
  readonly step: Step;
  readonly place: Place | null;
}

/** The steps that tasks may name, by name. */
export type StepBook = ReadonlyMap<string, KnownStep>;

/** The steps of xpush itself. */
export const builtInSteps: StepBook = new Map(
  steps.map((step) => [step.name, { step, place: null }]),
);
