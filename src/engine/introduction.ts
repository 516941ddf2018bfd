import { answerTo, failureOf } from '../host/answer.ts';
import { type Query, query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import type { LastWindow, PendingWindow } from '../host/window.ts';
import type { Host } from '../inventory/model.ts';
import type { LegOptions } from './leg-options.ts';
import type { LegEnding } from './leg-tasks.ts';
import { ago, busyEnding, ofRun } from './window-words.ts';

const hostname = query.parameter('kernel.hostname');
const machineId = query.file('/etc/machine-id');

/** What a host is asked besides what its tasks ask: whether it is the one that is meant, and who is at it. */
export function introductionQueries({ expect }: Host): readonly Query[] {
  return [
    query.windows(),
    query.session(),
    ...(expect.hostname === null ? [] : [hostname]),
    ...(expect.machineId === null ? [] : [machineId]),
  ];
}

/** What a host says of itself before anything is done to it. */
export interface Introduction {
  /** Why nothing may be done; null: all is well. */
  readonly ending: LegEnding | null;
  /** A window of an earlier run that nobody looks after any more: it is to be undone first. Else null. */
  readonly overdue: PendingWindow | null;
  /** What became of earlier runs. */
  readonly notes: readonly string[];
  /** The controller's address as the host sees it; null when it cannot tell. */
  readonly controller: string | null;
}

export function introduce(
  host: Host,
  state: HostState,
  { identity, check }: Pick<LegOptions, 'identity' | 'check'>,
): Introduction {
  const controller = answerTo(state, query.session())?.peer ?? null;
  const stranger = strangerEnding(host, state);
  if (stranger !== null) return { ending: stranger, overdue: null, notes: [], controller };
  const windows = answerTo(state, query.windows());
  const last = windows?.last ?? null;
  const pending = windows?.pending ?? null;
  const notes = last === null || last.run === identity.id ? [] : lastNotes(last);
  const told = { ending: null, overdue: null, notes, controller };
  // files that are being put into place are for the lock to wait for
  if (pending === null || pending.run === identity.id || pending.state === 'confirmed') return told;
  if (isOverdue(pending, last) && !check) return { ...told, overdue: pending };
  const busy = pendingEnding(pending, last);
  return check ? { ...told, notes: [...notes, busy.error.message] } : { ...told, ending: busy };
}

/** Nobody on the host sees to its end, and that was not tried in vain since its last boot. */
function isOverdue(pending: PendingWindow, last: LastWindow | null): boolean {
  const { state, hasRebooted, isWatched, secondsLeft } = pending;
  if (isStuck(pending, last)) return hasRebooted && last?.secondsAgo === null;
  return hasRebooted || (state === 'rolling' ? !isWatched : secondsLeft === 0);
}

/** It could not be undone: nothing more becomes of it by itself. */
function isStuck({ id }: PendingWindow, last: LastWindow | null): boolean {
  return last?.id === id && last.outcome === 'incomplete';
}

/** An address may have come to be another host's. */
function strangerEnding({ expect }: Host, state: HostState): LegEnding | null {
  const file = answerTo(state, machineId);
  const content = file?.type === 'file' ? (file.content ?? '') : '';
  const said = [
    ['hostname', expect.hostname, answerTo(state, hostname) ?? '', hostname] as const,
    ['machine-id', expect.machineId, content.trim(), machineId] as const,
  ];
  const wrong = said.find(([, expected, found]) => expected !== null && expected !== found);
  if (wrong === undefined) return null;
  const [what, expected, found, asked] = wrong;
  const failure = failureOf(state, asked);
  if (failure !== null) return { status: 'failed', error: { message: failure, hint: null } };
  const error = {
    message: `this is another host: its ${what} is ${found === '' ? 'not known' : found}, expected ${expected ?? ''}; nothing was done to it`,
    hint: 'look at what its address leads to, and at "expect" of the inventory',
  };
  return { status: 'failed', error };
}

function lastNotes(last: LastWindow): readonly string[] {
  const { outcome, why, secondsAgo } = last;
  if (outcome === 'confirmed') return [];
  const when = secondsAgo === null ? '' : `, ${ago(secondsAgo)}`;
  return outcome === 'rolled_back'
    ? [`its last network changes, of ${ofRun(last)}, were rolled back${when}: ${why}`]
    : [`its last network changes, of ${ofRun(last)}, could not all be undone${when}: ${why}`];
}

function pendingEnding(pending: PendingWindow, last: LastWindow | null): LegEnding {
  return last !== null && isStuck(pending, last)
    ? stuckEnding(pending, last.why)
    : busyEnding(pending, pending.secondsLeft);
}

/** A window could not be undone, neither by its own run nor by this one. */
export function stuckEnding(pending: PendingWindow, why: string): LegEnding {
  const error = {
    message: `the ${ofRun(pending)} could not undo all of its changes: ${why}`,
    hint: 'have it tried again: xpush rollback; or put the host in order by hand, and keep it so: xpush confirm --as-it-is',
  };
  return { status: 'needs_human', error };
}
