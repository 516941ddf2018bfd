import type * as v from 'valibot';
import type { Change } from '../host/change.ts';
import type { Observation } from '../host/look-program.ts';
import type { Answer, Answers, Query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import type { Host, Inventory } from '../inventory/model.ts';

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
}

/** The step cannot do its work on this host; one sentence, and what to do about it. */
export interface Refusal {
  readonly refusal: string;
  readonly hint: string | null;
  /** Whether it is for something that is not installed: then nothing at all is begun on the host. Default: false. */
  readonly isLack?: boolean;
}

/** A strict object, perhaps with checks behind it: each entry is a parameter. */
export type Parameters = v.GenericSchema & {
  readonly entries: Readonly<Record<string, v.GenericSchema>>;
};

/** What a step asks: by name, one query or a list of them. */
type Asked = Readonly<Record<string, Query | readonly Query[]>>;

/** The answers by the same names. */
export type Seen<Questions extends Asked> = {
  readonly [Name in keyof Questions]: Questions[Name] extends Query
    ? Answer<Questions[Name]>
    : Questions[Name] extends readonly (infer One extends Query)[]
      ? readonly Answer<One>[]
      : never;
};

interface Definition<K extends Host['kind'], Schema extends Parameters, Questions extends Asked> {
  /** As playbooks write it. */
  readonly name: string;
  /** One sentence, for `xpush steps` and the docs. */
  readonly summary: string;
  /** The kinds of host it is for. */
  readonly on: readonly K[];
  readonly params: Schema;
  /** Whether its changes could cut the host off: then they are made in a confirm window. Default: false. */
  readonly network?: boolean | ((params: v.InferOutput<Schema>) => boolean);
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
  /** Whether it leaves traces that it can take off a host. */
  readonly canLeave: boolean;
  /** The step for one host. `params` are the schema's output; the host is of a kind in `on`. */
  readonly bind: (target: Target, params: unknown) => BoundStep;
}

/** A step of one task on one host. */
export interface BoundStep {
  readonly queries: readonly Query[];
  /** Whether its changes are made in a confirm window. */
  readonly network: boolean;
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
  const { name, summary, on, params, network = false } = definition;
  return {
    name,
    summary,
    on,
    params,
    canLeave: definition.leave !== undefined,
    bind: (target, values) => {
      if (!isFor(on, target)) throw new Error(`${name} was bound to a ${target.host.kind}`);
      const typedTarget = target;
      // the playbook took them from this schema
      const typedValues = values as v.InferOutput<Schema>;
      const asked = definition.queries(typedTarget, typedValues);
      const by = (decide: typeof definition.plan) => (state: HostState) => {
        const seen = answersTo(asked, state);
        return 'refusal' in seen ? seen : decide(typedTarget, typedValues, seen.answers);
      };
      const { prepare } = definition;
      const preparing = prepare && {
        prepare: (state: HostState) => {
          const seen = answersTo(asked, state);
          return 'refusal' in seen ? null : prepare(typedValues, seen.answers);
        },
      };
      return {
        ...preparing,
        queries: Object.values(asked).flat(),
        network: typeof network === 'function' ? network(typedValues) : network,
        plan: by(definition.plan),
        leave: definition.leave === undefined ? null : by(definition.leave),
      };
    },
  };
}

/** Refuses, with what to do about it. */
export function refuse(refusal: string, hint: string | null = null): Refusal {
  return { refusal, hint };
}

function isFor<K extends Host['kind']>(on: readonly K[], target: Target): target is Target<K> {
  return on.some((kind) => kind === target.host.kind);
}

function answersTo<Questions extends Asked>(
  asked: Questions,
  state: HostState,
): { answers: Seen<Questions> } | Refusal {
  const answers: Record<string, AnyAnswer | readonly AnyAnswer[]> = {};
  for (const [name, one] of Object.entries(asked)) {
    const found = [one].flat().map((each: Query) => observationOf(each, state));
    const failed = found.find((observation) => 'failure' in observation);
    if (failed !== undefined) return refuse(failed.failure);
    const list = found.flatMap((observation) =>
      'answer' in observation ? [observation.answer] : [],
    );
    answers[name] = isList(one) ? list : (list[0] ?? null);
  }
  // filled name by name from `asked`, each with the answers of its own queries
  return { answers: answers as Seen<Questions> };
}

type AnyAnswer = Answers[Query['kind']];

function isList(asked: Query | readonly Query[]): asked is readonly Query[] {
  return Array.isArray(asked);
}

function observationOf(asked: Query, state: HostState): Observation {
  const observation = state.get(asked);
  if (observation === undefined) throw new Error(`never asked: ${asked.kind}`);
  return observation;
}
