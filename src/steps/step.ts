import type * as v from 'valibot';
import type { Change } from '../host/change.ts';
import type { Query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import type { Host, Inventory } from '../inventory/model.ts';
import type { Data } from '../source/data.ts';
import type { PartialData } from '../source/source-node.ts';
import { type Asked, answersTo, isList, type Seen } from './answers.ts';
import { aliasesOf, namesHostPath } from './host-path.ts';
import { askedThere, madeThere, type Surroundings, usualSurroundings } from './surroundings.ts';

/** A host that a task is about, with the fleet around it. */
export interface Target<K extends Host['kind'] = Host['kind']> {
  readonly host: Host & { readonly kind: K };
  readonly inventory: Inventory;
}

/** What a step decides for one host. */
export interface Plan {
  /** In order; none: the host is as described. */
  readonly changes: readonly Change[];
  /** Made, but no difference from what is described: not counted, not shown as a change. */
  readonly upkeep?: readonly Change[];
  /** What waits for something outside the run, one sentence each. */
  readonly pending?: readonly string[];
  /** What to know about it; null or absent for nothing. */
  readonly message?: string | null;
  /** It was done while the host was looked at, and failed: why. Absent: it did not. */
  readonly failure?: string;
  /** With `failure`: it is looked at again, so often, until it is well or so much time is over. */
  readonly patience?: { readonly delaySeconds: number; readonly forSeconds: number };
  /** The host restarts with its changes: it is waited for, so long. Absent: it does not. */
  readonly restartsWithinSeconds?: number;
  /** What it tells those who register its result, besides whether it changed and failed. */
  readonly data?: Readonly<Record<string, Data>>;
  /** What it tells besides, by what the last command of its changes said. Pure. */
  readonly tells?: (said: CommandSaid) => Readonly<Record<string, Data>>;
  /** Files of the host that the controller keeps. */
  readonly fetched?: readonly FetchedFile[];
  /** Variables that the tasks behind it see. */
  readonly sets?: Readonly<Record<string, Data>>;
  /** What it adds to the fleet, for the plays behind its own. */
  readonly adds?: readonly FleetAddition[];
  /** Of a loop: the plans of its items, whose changes are those of the whole. */
  readonly parts?: readonly Plan[];
  /** Of a loop: what is done for these items changes what the next one depends on. Absent: these are all. */
  readonly isCutShort?: boolean;
}

/** A host, or more groups and variables for one that is there; or that its own host is in a group. */
export type FleetAddition =
  | {
      readonly kind: 'host';
      readonly name: string;
      readonly groups: readonly string[];
      /** Its entry as inventories have it, but for `vars` and `groups`; null: it has none. */
      readonly entry: PartialData;
      readonly vars: Readonly<Record<string, Data>>;
    }
  | {
      readonly kind: 'member';
      readonly group: string;
      /** Groups that the group is part of. */
      readonly parents: readonly string[];
    };

/** A file of a host, to be kept on the controller. */
export interface FetchedFile {
  /** On the controller; relative to the playbook. */
  readonly path: string;
  /** Bytes as latin1 text. */
  readonly content: string;
}

/** How a command ended, and what it printed; at most 64 KiB of each, without newlines at the end. */
export interface CommandSaid {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The step cannot do its work on this host; one sentence, and what to do about it. */
export interface Refusal {
  readonly refusal: string;
  readonly hint: string | null;
  /** Whether it is for something that is not installed: then nothing at all is begun on the host. Default: false. */
  readonly isLack?: boolean;
  /** Whether what it was to decide by is outdated by changes that come before it. Default: false. */
  readonly isOutdated?: boolean;
}

/** A strict object, perhaps with checks behind it: each entry is a parameter. */
export type Parameters = v.GenericSchema & {
  readonly entries: Readonly<Record<string, v.GenericSchema>>;
};

interface Definition<K extends Host['kind'], Schema extends Parameters, Questions extends Asked> {
  /** As playbooks write it. */
  readonly name: string;
  /** One sentence, for `xpush steps` and the docs. */
  readonly summary: string;
  /** The kinds of host it is for. */
  readonly on: readonly K[];
  readonly params: Schema;
  /** The parameter that a plain text in place of all parameters stands for. Default: none. */
  readonly shorthand?: keyof Schema['entries'] & string;
  /** Parameters whose texts are expressions: they come with their values, see `worked`. Default: none. */
  readonly expressions?: readonly (keyof Schema['entries'] & string)[];
  /**
   * Parameters one of which a task must have, or the keyword `changed_when`: without, nobody knows what it
   * changes. Default: none.
   */
  readonly mustSay?: readonly string[];
  /** Whether it never changes anything; a function where that depends on its parameters. Default: false. */
  readonly readOnly?: boolean | ((params: v.InferOutput<Schema>) => boolean);
  /** Whether its changes could cut the host off: then they are made in a confirm window. Default: false. */
  readonly network?: boolean | ((params: v.InferOutput<Schema>) => boolean);
  /** Whether it adds to the fleet: `once` for all hosts of its play, or `each` host for itself. Default: neither. */
  readonly addsToFleet?: 'once' | 'each';
  /** What must be known. Pure. */
  readonly queries: (target: Target<K>, params: v.InferOutput<Schema>) => Questions;
  /**
   * Makes what `plan` needs of the controller, given the answers, beside all else; null or absent: nothing.
   * Never rejects.
   */
  readonly prepare?: (
    params: v.InferOutput<Schema>,
    seen: Seen<Questions>,
  ) => Promise<unknown> | null;
  /** What must be done, given the answers. Pure. */
  readonly plan: (
    target: Target<K>,
    params: v.InferOutput<Schema>,
    seen: Seen<Questions>,
  ) => Plan | Refusal;
  /**
   * What takes every trace of the step off the host, by the same answers (`xpush remove`). Absent:
   * the step leaves none. A guest stays on the network: its addresses are not a trace.
   */
  readonly leave?: (
    target: Target<K>,
    params: v.InferOutput<Schema>,
    seen: Seen<Questions>,
  ) => Plan | Refusal;
}

/** A step with its types folded away: what the registry, the playbook and the engine see. */
export interface Step {
  readonly name: string;
  readonly summary: string;
  readonly on: readonly Host['kind'][];
  readonly params: Parameters;
  /** The parameter that a plain text stands for; null: it takes none. */
  readonly shorthand: string | null;
  /** Parameters whose texts are expressions. */
  readonly expressions: readonly string[];
  /** Parameters one of which a task must have, or `changed_when`; none: it may have none of them. */
  readonly mustSay: readonly string[];
  /** Whether it never changes anything, whatever its parameters. */
  readonly isReadOnly: boolean;
  /** Whether its changes may go into a confirm window. */
  readonly mayBeNetwork: boolean;
  /** Whether it adds to the fleet: `once` for all hosts of its play, or `each` host for itself; null: it does not. */
  readonly addsToFleet: 'once' | 'each' | null;
  /** Whether it leaves traces that it can take off a host. */
  readonly canLeave: boolean;
  /** Whether what it is bound to may have something to prepare. */
  readonly mayPrepare: boolean;
  /** The step for one host. `params` are the schema's output; the host is of a kind in `on`. */
  readonly bind: (target: Target, params: unknown, around?: Surroundings) => BoundStep;
}

/** A step of one task on one host. */
export interface BoundStep {
  readonly queries: readonly Query[];
  /** Whether its changes are made in a confirm window. */
  readonly network: boolean;
  /** Whether it changes nothing, whatever it finds. Absent: it may. */
  readonly isReadOnly?: boolean;
  /** To be awaited before `plan` where others are under way; null or absent: nothing is to be prepared. */
  readonly prepare?: (state: HostState) => Promise<unknown> | null;
  /** Decides from what is known; a query that the host could not answer is a refusal. */
  readonly plan: (state: HostState) => Plan | Refusal;
  /** What takes the step's traces off the host; null when it leaves none. */
  readonly leave: ((state: HostState) => Plan | Refusal) | null;
}

/** Defines a step; see src/steps/rt-tables.ts for how one reads. */
export function defineStep<
  const K extends Host['kind'],
  Schema extends Parameters,
  const Questions extends Asked,
>(definition: Definition<K, Schema, Questions>): Step {
  const {
    name,
    summary,
    on,
    params,
    network = false,
    shorthand = null,
    expressions = [],
    mustSay = [],
    readOnly = false,
  } = definition;
  const namesPaths = Object.values(params.entries).some(namesHostPath);
  return {
    name,
    summary,
    on,
    params,
    shorthand,
    expressions,
    mustSay,
    isReadOnly: readOnly === true,
    mayBeNetwork: network !== false,
    addsToFleet: definition.addsToFleet ?? null,
    canLeave: definition.leave !== undefined,
    mayPrepare: definition.prepare !== undefined,
    bind: (target, values, around = usualSurroundings) => {
      if (!isFor(on, target)) throw new Error(`${name} was bound to a ${target.host.kind}`);
      const typedTarget = target;
      // the playbook took them from this schema
      const typedValues = values as v.InferOutput<Schema>;
      const asked = askedAround(definition.queries(typedTarget, typedValues), around);
      const { prepare } = definition;
      const queries: readonly Query[] = Object.values(asked).flat();
      const by = (decide: typeof definition.plan) => (state: HostState) => {
        const seen = answersTo(asked, state);
        if (!('answers' in seen)) return seen;
        return madeAround(decide(typedTarget, typedValues, seen.answers), around);
      };
      const preparing = prepare && {
        prepare: (state: HostState) => {
          const seen = answersTo(asked, state);
          return 'refusal' in seen ? null : prepare(typedValues, seen.answers);
        },
      };
      return {
        ...preparing,
        queries: [...queries, ...(namesPaths ? aliasesOf(queries) : [])],
        network: typeof network === 'function' ? network(typedValues) : network,
        isReadOnly: typeof readOnly === 'function' ? readOnly(typedValues) : readOnly,
        plan: by(definition.plan),
        leave: definition.leave === undefined ? null : by(definition.leave),
      };
    },
  };
}

function askedAround<Questions extends Asked>(asked: Questions, around: Surroundings): Questions {
  if (around === usualSurroundings) return asked;
  const there = Object.entries(asked).map(
    ([name, one]: [string, Query | readonly Query[]]) =>
      [
        name,
        isList(one) ? one.map((each) => askedThere(each, around)) : askedThere(one, around),
      ] as const,
  );
  // the same names, each with as many queries of its kind
  return Object.fromEntries(there) as unknown as Questions;
}

function madeAround(plan: Plan | Refusal, around: Surroundings): Plan | Refusal {
  if ('refusal' in plan || around === usualSurroundings) return plan;
  const upkeep = plan.upkeep?.map((change) => madeThere(change, around)) ?? [];
  return { ...plan, changes: plan.changes.map((change) => madeThere(change, around)), upkeep };
}

/** Refuses, with what to do about it. */
export function refuse(refusal: string, hint: string | null = null): Refusal {
  return { refusal, hint };
}

function isFor<K extends Host['kind']>(on: readonly K[], target: Target): target is Target<K> {
  return on.some((kind) => kind === target.host.kind);
}
