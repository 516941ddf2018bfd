import type { Data } from '../source/data.ts';
import type { MapNode } from '../source/source-node.ts';
import type { Place } from '../source/source-text.ts';
import type { Step } from '../steps/step.ts';
import type { Keywords } from './keywords.ts';

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
  readonly rollout: PlayRollout;
  /** What the operator is asked before it. Absent: nothing. */
  readonly prompts?: readonly Prompt[];
}

/** A variable whose value the operator is asked for. */
export interface Prompt {
  readonly name: string;
  readonly text: string;
  /** What no answer stands for; null: it must be answered. */
  readonly fallback: string | number | boolean | null;
  /** Nobody sees what is typed. */
  readonly isPrivate: boolean;
  readonly isAskedTwice: boolean;
  /** Gives the variable its value. */
  readonly answer: (value: Data) => void;
}

/** How a play goes through its hosts; what is null is as safe by default as the engine decides. */
export interface PlayRollout {
  /** Sizes of the batches, the last one for all further batches. */
  readonly serial: readonly Share[] | null;
  /** More bad hosts than this share of those begun stop the rollout; 0..100. */
  readonly maxFailPercentage: number | null;
  /** The first bad host stops the rollout. */
  readonly anyErrorsFatal: boolean;
  /** Hosts that are under way at once, of a group or of each dom0. */
  readonly maxPer: readonly MostAtOnce[];
  /** Between batches, in seconds. */
  readonly pauseSeconds: number;
}

/** No more hosts than so many of a group at once. */
export interface MostAtOnce {
  /** A group's name, or `dom0` for the domUs of each dom0. */
  readonly group: string;
  readonly most: number;
  /** Where the group is named. */
  readonly place: Place;
}

/** A number of hosts, or a percentage of the play's hosts. */
export type Share = { readonly hosts: number } | { readonly percent: number };

/** A play that says nothing of it. */
export const usualRollout: PlayRollout = {
  serial: null,
  maxFailPercentage: null,
  anyErrorsFatal: false,
  maxPer: [],
  pauseSeconds: 0,
};

/** One step with its parameters. */
export interface Task {
  /** As written, or the step's name. */
  readonly name: string;
  readonly step: Step;
  /** Output of the step's schema. */
  readonly params: unknown;
  /** Its changes go into the confirm window, whatever its step says. */
  readonly network: boolean;
  /** Its changes are made outside of confirm windows, whatever its step says. Absent: they are not. */
  readonly hasNoWindow?: boolean;
  /** Where the step is named. */
  readonly place: Place;
  /** Absent: it says nothing more. */
  readonly keywords?: Keywords;
  /** As it is written; absent: in no file. */
  readonly node?: MapNode;
}
