import * as v from 'valibot';
import type { Query } from '../host/query.ts';
import type { Host } from '../inventory/model.ts';
import { Secret } from '../source/secret.ts';
import {
  type BoundStep,
  defineStep,
  type Plan,
  type Refusal,
  type Step,
  type Parameters as StepParameters,
} from './step.ts';

/** Deeper data is a circle. */
const deepest = 50;

/**
 * `defineStep` for steps that somebody else wrote: what their functions throw, or give that is no plan,
 * fails the task with a sentence, and no more.
 *
 * @param wordsOf what was thrown, in a line
 */
export function guardedDefinition(wordsOf: (error: unknown) => string): typeof defineStep {
  return <
    const K extends Host['kind'],
    Schema extends StepParameters,
    const Questions extends Readonly<Record<string, Query | readonly Query[]>>,
  >(
    definition: Parameters<typeof defineStep<K, Schema, Questions>>[0],
  ) => {
    const { queries, plan, network, leave } = definition;
    const step = defineStep<K, Schema, Questions>({
      ...definition,
      queries: (...given) => checked(questionsSchema, queries(...given), 'queries'),
      plan: (...given) => checkedPlan(plan(...given), 'plan'),
      ...(typeof network === 'function' && {
        network: (params: v.InferOutput<Schema>) =>
          checked(truthSchema, network(params), 'network'),
      }),
      ...(leave !== undefined && {
        leave: (...given: Parameters<typeof leave>) => checkedPlan(leave(...given), 'leave'),
      }),
    });
    return guarded(step, (error) => ({ refusal: wordsOf(error), hint: null }));
  };
}

function guarded(step: Step, refusalOf: (error: unknown) => Refusal): Step {
  const by = (decide: BoundStep['plan']): BoundStep['plan'] => {
    return (state) => {
      try {
        return decide(state);
      } catch (error) {
        return refusalOf(error);
      }
    };
  };
  return {
    ...step,
    bind: (...given) => {
      try {
        const bound = step.bind(...given);
        const leave = bound.leave === null ? null : by(bound.leave);
        return { ...bound, plan: by(bound.plan), leave };
      } catch (error) {
        const refusal = refusalOf(error);
        return { queries: [], network: false, plan: () => refusal, leave: null };
      }
    },
  };
}

/** What a function gave is not what it is to give; one sentence. */
class GiftError extends Error {
  override readonly name = 'GiftError';
}

const kinded = (what: string) =>
  v.custom<object>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      'kind' in value &&
      typeof value.kind === 'string',
    `is to be ${what}`,
  );
const changes = v.array(
  kinded('a change, made by a function of "change"'),
  'is to be a list of changes',
);
const data = v.record(v.string(), v.custom(isData, 'is to be data: texts, numbers, lists, maps'));
const planSchema = v.object(
  {
    changes,
    upkeep: v.optional(changes),
    pending: v.optional(v.array(v.string())),
    message: v.nullish(v.string()),
    data: v.optional(data),
    sets: v.optional(data),
  },
  'is to be { changes: [...] }, or what refuse(...) gives',
);
const refusalSchema = v.object({ refusal: v.string(), hint: v.nullable(v.string()) });
const oneQuery = kinded('a query, made by a function of "query"');
const questionsSchema = v.record(
  v.string(),
  v.union([oneQuery, v.array(oneQuery)], 'is to be a query, or a list of them'),
  'is to be a map of queries',
);
const truthSchema = v.boolean('is to be true or false');

function checkedPlan(given: Plan | Refusal, from: string): Plan | Refusal {
  const isRefusal = typeof given === 'object' && given !== null && 'refusal' in given;
  return checked(isRefusal ? refusalSchema : planSchema, given, from);
}

function checked<T>(schema: v.GenericSchema, given: T, from: string): T {
  if (given instanceof Promise) {
    given.catch(() => {}); // what it comes to is of no interest
    throw new GiftError(`"${from}" gives a promise: it is to decide by what it is given, at once`);
  }
  const [issue] = v.safeParse(schema, given).issues ?? [];
  if (issue === undefined) return given;
  const path = issue.path?.map(({ key }) => String(key)).join('.') ?? '';
  throw new GiftError(`what "${from}" gives${path === '' ? '' : `, at ${path},`} ${issue.message}`);
}

function isData(value: unknown, depth = 0): boolean {
  if (value === null || value instanceof Secret) return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value !== 'object' || depth > deepest) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain =
    Array.isArray(value) ||
    prototype === null ||
    Object.hasOwn(prototype as object, 'isPrototypeOf');
  return isPlain && Object.values(value).every((one) => isData(one, depth + 1));
}
