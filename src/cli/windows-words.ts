import { ago, ofRun } from '../engine/window-words.ts';
import type {
  DecisionPlan,
  DecisionResult,
  LastWindow,
  PendingWindow,
  WindowsState,
} from '../host/window.ts';

/** One thing to know of a host's windows and lock: a short word for it, and a sentence. */
export interface Finding {
  readonly word: string;
  readonly text: string;
  /** Nobody but a human can go on. */
  readonly needsHuman: boolean;
}

/**
 * What is worth a line of a host; none when nothing is pending, locked or undone. `all`: that its last
 * change was kept, too.
 */
export function findingsOf({ lock, pending, last }: WindowsState, all = false): readonly Finding[] {
  const findings: Finding[] = [];
  const isStuck = pending !== null && last?.id === pending.id && last.outcome === 'incomplete';
  if (pending !== null && !isStuck) findings.push(pendingFinding(pending));
  if (last !== null && (all || last.outcome !== 'confirmed')) findings.push(lastFinding(last));
  if (lock !== null && lock.run !== pending?.run) {
    const since = lock.since === '' ? '' : ` since ${lock.since}`;
    findings.push(
      lock.isStale
        ? {
            word: 'stale lock',
            text: `${ofRun(lock)} held it${since} and is gone; the next run takes it over`,
            needsHuman: false,
          }
        : { word: 'locked', text: `${ofRun(lock)} is at work${since}`, needsHuman: false },
    );
  }
  return findings;
}

function pendingFinding(window: PendingWindow): Finding {
  const by = ofRun(window);
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
  if (last.outcome === 'confirmed') {
    const text = `the change of ${ofRun(last)} was kept${when}`;
    return { word: 'kept', text, needsHuman: false };
  }
  const why = last.why === '' ? '' : `: ${last.why}`;
  return last.outcome === 'incomplete'
    ? {
        word: 'needs a human',
        text: `the change of ${ofRun(last)} could not be undone wholly${when}${why}`,
        needsHuman: true,
      }
    : {
        word: 'undone',
        text: `the change of ${ofRun(last)} was undone${when}${why}`,
        needsHuman: false,
      };
}

/** How a host stands after a decision by hand, in a word and a sentence. */
export interface DecisionWords {
  readonly status: 'ok' | 'changed' | 'failed' | 'rolled_back' | 'needs_human' | 'busy';
  readonly word: string;
  readonly text: string;
}

/** What a host made of a decision by hand. */
export function decisionOf(
  decision: DecisionPlan['decision'],
  window: PendingWindow,
  result: DecisionResult,
): DecisionWords {
  const change = `the change of ${ofRun(window)}`;
  const isUndo = decision === 'undo';
  const undone = (why: string): DecisionWords =>
    isUndo
      ? { status: 'ok', word: 'undone', text: 'it is as before' }
      : { status: 'rolled_back', word: 'undone', text: `too late: ${change} ${why}` };
  const failed = (text: string): DecisionWords => ({
    ...{ status: 'failed', word: isUndo ? 'not undone' : 'not confirmed', text },
  });
  switch (result.type) {
    case 'confirmed':
      return isUndo
        ? failed(`${change} was confirmed before`)
        : { status: 'changed', word: 'confirmed', text: `${change} is kept` };
    case 'rolled_back':
      if (decision === 'forget')
        return { status: 'ok', word: 'kept', text: 'it stays as it is now' };
      return undone(`was undone (${result.why})`);
    case 'rebooted':
      return isUndo
        ? { status: 'ok', word: 'undone', text: 'it was rebooted in between' }
        : undone('is gone: it was booted since');
    case 'too_late':
      return isUndo ? failed(result.message) : undone(`is being undone (${result.message})`);
    case 'incomplete': {
      const why = [result.why, ...result.parts].join('; ');
      const text = `${change} could not be undone wholly (${why}); have it tried again: xpush rollback; or put the host in order, and keep it so: xpush confirm --as-it-is`;
      return { status: 'needs_human', word: 'needs a human', text };
    }
    case 'not_applied':
      return failed(`${ofRun(window)} is still changing it: wait until that is done`);
    case 'gone':
      return isUndo
        ? { status: 'ok', word: 'quiet', text: 'nothing waits any more' }
        : failed(`somebody else has decided of ${change}`);
    case 'busy':
      return { status: 'busy', word: 'busy', text: `${ofRun(result)} is at work on it` };
    case 'failed':
      return failed(`the host did not do it: ${result.message}`);
  }
}
