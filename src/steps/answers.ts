import type { Observation } from '../host/look-program.ts';
import type { Answer, Answers, Query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import type { Refusal } from './step.ts';

/** What a step asks: by name, one query or a list of them. */
export type Asked = Readonly<Record<string, Query | readonly Query[]>>;

/** The answers by the same names. */
export type Seen<Questions extends Asked> = {
  readonly [Name in keyof Questions]: Questions[Name] extends Query
    ? Answer<Questions[Name]>
    : Questions[Name] extends readonly (infer One extends Query)[]
      ? readonly Answer<One>[]
      : never;
};

/** The answers of a host; a query that it could not answer is a refusal. */
export function answersTo<Questions extends Asked>(
  asked: Questions,
  state: HostState,
): { answers: Seen<Questions> } | Refusal {
  const answers: Record<string, AnyAnswer | readonly AnyAnswer[]> = {};
  for (const [name, one] of Object.entries(asked)) {
    const found = [one].flat().map((each: Query) => observationOf(each, state));
    const failed = found.find((observation) => 'failure' in observation);
    if (failed !== undefined) return { refusal: failed.failure, hint: null };
    if (found.some((observation) => 'outdated' in observation)) return outdated;
    const list = found.flatMap((observation) =>
      'answer' in observation ? [observation.answer] : [],
    );
    answers[name] = isList(one) ? list : (list[0] ?? null);
  }
  // filled name by name from `asked`, each with the answers of its own queries
  return { answers: answers as Seen<Questions> };
}

const outdated: Refusal = {
  refusal: 'an earlier task changes what it depends on',
  hint: null,
  isOutdated: true,
};

type AnyAnswer = Answers[Query['kind']];

/** Whether it is a list of queries. */
export function isList(asked: Query | readonly Query[]): asked is readonly Query[] {
  return Array.isArray(asked);
}

function observationOf(asked: Query, state: HostState): Observation {
  const observation = state.get(asked);
  if (observation === undefined) throw new Error(`never asked: ${asked.kind}`);
  return observation;
}
