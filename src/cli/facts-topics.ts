import { answerTo, failureOf } from '../host/answer.ts';
import { type Answers, query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';

/** What facts there are. */
export const topics = ['system', 'network', 'firewalls', 'xen'] as const;

export type Topic = (typeof topics)[number];

export const topicQueries = {
  system: query.system(),
  network: query.network(),
  firewalls: query.firewalls(),
  xen: query.xen(),
} as const;

/** What is known of a host; null: not asked, or not told. */
export type HostFacts = {
  readonly [T in Topic]: Answers[T] | null;
} & {
  /** Why something of it could not be told; null when all that was asked is known. */
  readonly failure: string | null;
};

export function factsOf(state: HostState): HostFacts {
  const failures = topics.flatMap((topic) => failureOf(state, topicQueries[topic]) ?? []);
  return {
    system: answerTo(state, topicQueries.system),
    network: answerTo(state, topicQueries.network),
    firewalls: answerTo(state, topicQueries.firewalls),
    xen: answerTo(state, topicQueries.xen),
    failure: failures.length > 0 ? failures.join('; ') : null,
  };
}
