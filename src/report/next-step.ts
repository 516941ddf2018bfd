import type { HostRecord, RunRecord } from './run-record.ts';
import { standingOf } from './standing.ts';
import { counted, listNames } from './wording.ts';

// A longer --limit is worse than none: hosts that are done cost a look each.
const LIMIT_NAMES = 20;

/** What to do now that the run has ended, as one line. */
export function nextStep(record: RunRecord): string {
  const { hosts, isCheck } = record;
  const ended = (...statuses: readonly HostRecord['status'][]) =>
    hosts.filter(({ status }) => statuses.includes(status));

  const stuck = ended('needs_human');
  if (stuck.length > 0) {
    const look = `Next: look at ${listNames(names(stuck), LIMIT_NAMES)} on the console: the network there may be half changed.`;
    const others = record.stop === null || record.resume === null ? '' : goOn(record);
    return others === '' ? look : `${look} Then go on ${others}`;
  }

  if (record.stop !== null) {
    if (record.resume === null) return 'Next: see to the errors above, then run again.';
    return `Next: see to the errors above, then go on ${goOn(record)}`;
  }

  // A run that was cut off has left what it never got to, and what was in the middle of its plays.
  const isInterrupted = record.end?.interrupted === true;
  const unfinished = isInterrupted
    ? hosts.filter((host) => standingOf(host) !== 'new')
    : ended(null);
  if (unfinished.length > 0) {
    const left = `${unfinished.length} of ${counted(hosts.length, 'host')} were not done`;
    return record.resume === null || isCheck
      ? `Next: run again: ${left}.`
      : `Next: ${left}; go on with:\n  ${record.resume}`;
  }

  const isChanging = hosts.some(({ changed, unknown }) => changed + unknown > 0);
  const bad = ended('failed', 'unreachable', 'rolled_back');
  if (isCheck && isChanging && bad.length > 0 && bad.length === ended('unreachable').length) {
    return record.resume === null
      ? 'Next: see to the errors above, or run again without --check to apply what can be.'
      : `Next: see to the errors above, or go on without these hosts:\n  ${record.resume}`;
  }
  // Guests were skipped for their dom0's sake.
  const skipped = ended('skipped');
  if (bad.length > 0) {
    return `Next: see to the errors above, then run again${limit([...bad, ...skipped], record)}.`;
  }

  const busy = ended('busy');
  if (busy.length > 0) {
    return `Next: wait for the other run to end, then run again${limit([...busy, ...skipped], record)}.`;
  }

  if (isCheck && isChanging) {
    return record.resume === null
      ? 'Next: run again without --check to apply.'
      : `Next: read the plan, then:\n  ${record.resume}`;
  }

  if (record.proof?.isRight === false) return 'Next: see to what verify found, above.';

  const waits = hosts.some(({ pending }) => pending.length > 0) ? '; what is pending is above' : '';
  const changed = ended('changed');
  if (changed.length > 0) {
    return `Done: ${changed.length} of ${counted(hosts.length, 'host')} changed${waits}.`;
  }

  if (hosts.length === 0) return 'Nothing was done: no play has both hosts and tasks.';
  const asDescribed = ended('ok');
  if (asDescribed.length === 0) return 'Nothing was done: every host was skipped.';
  const are = asDescribed.length === 1 ? 'is' : 'are';
  return `Nothing to change: ${counted(asDescribed.length, 'host')} ${are} as described${waits}.`;
}

function goOn({ hosts, resume }: RunRecord): string {
  const left = hosts.filter((host) => standingOf(host) !== 'new').length;
  return `with the ${counted(left, 'host')} left:\n  ${resume}`;
}

function limit(chosen: readonly HostRecord[], { hosts, isCheck, takesLimit }: RunRecord): string {
  if (!takesLimit) return '';
  const isLimited = chosen.length < hosts.length && chosen.length <= LIMIT_NAMES;
  const options = [
    ...(isCheck ? ['--check'] : []),
    ...(isLimited ? [`--limit ${names(chosen).join(',')}`] : []),
  ];
  return options.length === 0 ? '' : ` with ${options.join(' ')}`;
}

function names(hosts: readonly HostRecord[]): readonly string[] {
  return hosts.map(({ name }) => name);
}
