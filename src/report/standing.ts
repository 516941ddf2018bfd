import type { HostRecord } from './run-record.ts';

/** How a host stands after a run that did not go through. */
export type Standing = 'new' | 'partly new' | 'undone' | 'old' | 'untouched';

/** Best first. */
export const STANDINGS: readonly Standing[] = ['new', 'partly new', 'undone', 'old', 'untouched'];

/** What became of the host itself, whatever its status. */
export function standingOf({ status, error, ...host }: HostRecord): Standing {
  if ((status === 'ok' || status === 'changed') && error === null) return 'new';
  if (status === 'rolled_back') return host.changed > 0 ? 'partly new' : 'undone';
  // of what was left in the middle, or cut off there, no task says how it ended
  const isUnclear = (status === 'failed' || status === null) && host.hasActed;
  if (status === 'needs_human' || host.changed + host.failed > 0 || isUnclear) return 'partly new';
  return host.hasBegun ? 'old' : 'untouched';
}

/** What each means, for those who read it for the first time. */
export const STANDING_WORDS: Readonly<Record<Standing, string>> = {
  new: 'as described',
  'partly new': 'may be changed in part',
  undone: 'undid its changes',
  old: 'reached for, and not changed',
  untouched: 'not begun',
};
