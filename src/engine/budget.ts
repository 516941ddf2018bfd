import type { PlayRollout } from '../playbook/model.ts';
import type { HostStatus } from './events.ts';

/** How many hosts may end badly before a rollout stops; one more stops it. */
export type FailureLimit =
  | { readonly kind: 'hosts'; readonly most: number }
  /** Of the hosts begun; 0..100. */
  | { readonly kind: 'percent'; readonly most: number }
  /** Nobody said: a fifth of the hosts begun, with at least three of them; no canary, no whole batch. */
  | { readonly kind: 'usual' };

/** How a play limits what may go wrong. */
export function failureLimit({ anyErrorsFatal, maxFailPercentage }: PlayRollout): FailureLimit {
  if (anyErrorsFatal) return { kind: 'hosts', most: 0 };
  if (maxFailPercentage !== null) return { kind: 'percent', most: maxFailPercentage };
  return { kind: 'usual' };
}

/** How hosts stand while a rollout is under way. */
export interface Tally {
  readonly begun: number;
  /** Of those: failed, unreachable, rolled back or in need of a human. */
  readonly bad: number;
}

const usualShare = 5;
const fewestBad = 3;

/** Why a rollout must stop now; null: it may go on. */
export function exceeded(limit: FailureLimit, { begun, bad }: Tally): string | null {
  if (bad === 0) return null;
  const hosts = `${bad} of ${begun} hosts begun ended badly`;
  switch (limit.kind) {
    case 'hosts':
      if (bad <= limit.most) return null;
      return limit.most === 0 ? `a host ended badly` : `${hosts}, more than ${limit.most}`;
    case 'percent':
      return bad * 100 <= limit.most * begun ? null : `${hosts}, more than ${limit.most}%`;
    case 'usual':
      return bad < fewestBad || bad * usualShare <= begun ? null : `${hosts}, more than a fifth`;
  }
}

/** Why nothing may follow a batch that ended so; null: the next one may begin. */
export function batchStops(
  limit: FailureLimit,
  statuses: readonly HostStatus[],
  isFirst: boolean,
): string | null {
  if (limit.kind !== 'usual') return null;
  const bad = statuses.filter(countsAsBad).length;
  if (isFirst && bad > 0) {
    return statuses.length === 1
      ? 'the first host ended badly'
      : `${bad} of the ${statuses.length} first hosts ended badly`;
  }
  return statuses.some(isGood) ? null : 'no host of the batch is as described';
}

/** Counted against the limit. */
export function countsAsBad(status: HostStatus): boolean {
  return (
    status === 'failed' ||
    status === 'unreachable' ||
    status === 'rolled_back' ||
    status === 'needs_human'
  );
}

/** The host is as described. */
export function isGood(status: HostStatus): boolean {
  return status === 'ok' || status === 'changed';
}
