import type * as v from 'valibot';
import type { Change } from '../host/change.ts';
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
}

/** A strict object, perhaps with checks behind it: each entry is a parameter. */
export type Parameters = v.GenericSchema & {
  readonly entries: Readonly<Record<string, v.GenericSchema>>;
};

interface Definition<
  K extends Host['kind'],
  Schema extends Parameters,
  Asked extends Readonly<Record<string, Query>>,
> {
  /** As playbooks write it. */
  readonly name: string;
  /** One sentence, for `xpush steps` and the docs. */
  readonly summary: string;
  /** The kinds of host it is for. */
  readonly on: readonly K[];
  readonly params: Schema;
  /** What must be known. Pure. */
  readonly queries: (target: Target<K>, params: v.InferOutput<Schema>) => Asked;
  /** What must be done, given the answers. Pure. */
  readonly plan: (
    target: Target<K>,
    params: v.InferOutput<Schema>,
    seen: { readonly [Name in keyof Asked]: Answer<Asked[Name]> },
  ) => Plan | Refusal;
}

/** A step with its types folded away: what the registry, the playbook and the engine see. */
export interface Step {
  readonly name: string;
  readonly summary: string;
  readonly on: readonly Host['kind'][];
  readonly params: Parameters;
  /** The step for one host. `params` are the schema's output; the host is of a kind in `on`. */
  readonly bind: (target: Target, params: unknown) => BoundStep;
}

/** A step of one task on one host. */
export interface BoundStep {
  readonly queries: readonly Query[];
  /** Decides from what is known; a query that the host could not answer is a refusal. */
  readonly plan: (state: HostState) => Plan | Refusal;
}

/** Defines a step; see src/steps/rt-tables.ts for how one reads. */
export function defineStep<
  const K extends Host['kind'],
  Schema extends Parameters,
  const Asked extends Readonly<Record<string, Query>>,
>(definition: Definition<K, Schema, Asked>): Step {
  const { name, summary, on, params } = definition;
  return {
    name,
    summary,
    on,
    params,
    bind: (target, values) => {
      if (!isFor(on, target)) throw new Error(`${name} was bound to a ${target.host.kind}`);
      const typedTarget = target;
      // the playbook took them from this schema
      const typedValues = values as v.InferOutput<Schema>;
      const asked = definition.queries(typedTarget, typedValues);
      return {
        queries: Object.values(asked),
        plan: (state) => {
          const seen = answersTo(asked, state);
          if ('refusal' in seen) return seen;
          return definition.plan(typedTarget, typedValues, seen.answers);
        },
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

function answersTo<Asked extends Readonly<Record<string, Query>>>(
  asked: Asked,
  state: HostState,
): { answers: { readonly [Name in keyof Asked]: Answer<Asked[Name]> } } | Refusal {
  const answers: Record<string, Answers[Query['kind']]> = {};
  for (const [name, one] of Object.entries(asked)) {
    const observation = state.get(one);
    if (observation === undefined) throw new Error(`never asked: ${one.kind}`);
    if ('failure' in observation) return refuse(observation.failure);
    answers[name] = observation.answer;
  }
  // filled key by key from `asked`, each with the answer of its own query
  return { answers: answers as { readonly [Name in keyof Asked]: Answer<Asked[Name]> } };
}
