import type { Answer, Query } from './query.ts';
import type { HostState } from './state.ts';

/** The answer that is known to a query; null when it was never asked, or the host could not tell. */
export function answerTo<Q extends Query>(state: HostState, asked: Q): Answer<Q> | null {
  const observation = state.get(asked);
  // it is kept under the query's own key, so the answer is of its kind
  return observation !== undefined && 'answer' in observation
    ? (observation.answer as Answer<Q>)
    : null;
}

/** Why the host could not answer a query; null when it did, or was never asked. */
export function failureOf(state: HostState, asked: Query): string | null {
  const observation = state.get(asked);
  return observation !== undefined && 'failure' in observation ? observation.failure : null;
}

/** Whether only the host can tell what the answer to a query is after the changes that are planned. */
export function isOutdated(state: HostState, asked: Query): boolean {
  const observation = state.get(asked);
  return observation !== undefined && 'outdated' in observation;
}
