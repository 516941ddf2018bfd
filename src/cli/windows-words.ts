import type { DecisionResult, LastWindow, PendingWindow, WindowsState } from '../host/window.ts';

/** One thing to know of a host's windows and lock: a short word for it, and a sentence. */
export interface Finding {
  readonly word: string;
  readonly text: string;
  /** Nobody but a human can go on. */
  readonly needsHuman: boolean;
}

/** What is worth a line of a host; none when nothing is pending, locked or undone. */
export function findingsOf({ lock, pending, last }: WindowsState): readonly Finding[] {
  const findings: Finding[] = [];
  const isStuck = pending !== null && last?.id === pending.id && last.outcome === 'incomplete';
  if (pending !== null && !isStuck) findings.push(pendingFinding(pending));
  if (last !== null && last.outcome !== 'confirmed') findings.push(lastFinding(last));
  if (lock !== null && lock.run !== pending?.run) {
    const since = lock.since === '' ? '' : ` since ${lock.since}`;
    findings.push(
      lock.isStale
        ? {
            word: 'stale lock',
            text: `${ownerOf(lock)} held it${since} and is gone; the next run takes it over`,
            needsHuman: false,
          }
        : { word: 'locked', text: `${ownerOf(lock)} is at work${since}`, needsHuman: false },
    );
  }
  return findings;
}

function pendingFinding(window: PendingWindow): Finding {
  const by = ownerOf(window);
  const seconds = `${window.secondsLeft} s`;
  if (window.hasRebooted) {
    return {
      word: 'rebooted',
      text: `it was booted before ${by} confirmed: its next contact clears the rest away`,
      needsHuman: false,
    };
  }
  switch (window.state) {
    case 'armed':
      return {
        word: 'changing',
        text: `${by} is changing it; undone unless that is done within ${seconds}`,
        needsHuman: false,
      };
    case 'applied':
      return {
        word: 'unconfirmed',
        text: `changed by ${by}; undone in ${seconds} unless it is confirmed`,
        needsHuman: false,
      };
    case 'rolling':
      return { word: 'undoing', text: `undoes the change of ${by}`, needsHuman: false };
    case 'confirmed':
      return {
        word: 'finishing',
        text: `confirmed by ${by}; files for the next boot are being put in place`,
        needsHuman: false,
      };
  }
}

function lastFinding(last: LastWindow): Finding {
  const when = last.secondsAgo === null ? '' : `, ${ago(last.secondsAgo)}`;
  const why = last.why === '' ? '' : `: ${last.why}`;
  return last.outcome === 'incomplete'
    ? {
        word: 'needs a human',
        text: `the change of ${ownerOf(last)} could not be undone wholly${when}${why}`,
        needsHuman: true,
      }
    : {
        word: 'undone',
        text: `the change of ${ownerOf(last)} was undone${when}${why}`,
        needsHuman: false,
      };
}

/** `alice@ctl (run 20261122T230501Z-3f9a2c)`. */
function ownerOf({ by, run }: { readonly by: string; readonly run: string }): string {
  return `${by === '' ? 'somebody' : by}${run === '' ? '' : ` (run ${run})`}`;
}

/** `12 s ago`, `3 min ago`, `5 h ago`, `2 days ago`. */
export function ago(seconds: number): string {
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min ago`;
  return seconds < 48 * 3600
    ? `${Math.floor(seconds / 3600)} h ago`
    : `${Math.floor(seconds / 86_400)} days ago`;
}

/** What a host made of a confirmation by hand: the host's status, and a sentence about it. */
export function confirmationOf(
  window: PendingWindow,
  result: DecisionResult,
): {
  readonly status: 'changed' | 'failed' | 'rolled_back' | 'needs_human' | 'busy';
  readonly text: string;
} {
  const owner = ownerOf(window);
  switch (result.type) {
    case 'confirmed':
      return { status: 'changed', text: `the change of ${owner} is kept` };
    case 'rolled_back':
      return {
        status: 'rolled_back',
        text: `too late: the change of ${owner} was undone (${result.why})`,
      };
    case 'too_late':
      return {
        status: 'rolled_back',
        text: `too late: the change of ${owner} is being undone (${result.message})`,
      };
    case 'rebooted':
      return {
        status: 'rolled_back',
        text: `too late: it was booted since, which undid the change of ${owner}`,
      };
    case 'incomplete':
      return {
        status: 'needs_human',
        text: `the change of ${owner} could not be undone wholly (${[result.why, ...result.parts].join('; ')})`,
      };
    case 'not_applied':
      return {
        status: 'failed',
        text: `${owner} is still changing it: nothing can be confirmed before that is done`,
      };
    case 'gone':
      return { status: 'failed', text: `somebody else has decided of the change of ${owner}` };
    case 'busy':
      return { status: 'busy', text: `${ownerOf(result)} is at work on it` };
    case 'failed':
      return { status: 'failed', text: `the host did not confirm: ${result.message}` };
  }
}
