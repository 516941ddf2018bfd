import type { Place } from '../source/source-text.ts';
import type { Step } from '../steps/step.ts';

/** Ordered plays of one file. */
export interface Playbook {
  readonly file: string;
  readonly plays: readonly Play[];
}

/** Hosts, and what is done to each of them in order. */
export interface Play {
  readonly name: string;
  /** Host patterns; together they name the play's hosts. */
  readonly hosts: readonly string[];
  /** Where these are written. */
  readonly hostsPlace: Place;
  readonly tasks: readonly Task[];
}

/** One step with its parameters. */
export interface Task {
  /** As written, or the step's name. */
  readonly name: string;
  readonly step: Step;
  /** Output of the step's schema. */
  readonly params: unknown;
  /** Where the step is named. */
  readonly place: Place;
}
