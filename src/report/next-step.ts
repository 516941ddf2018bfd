import type { HostRecord, RunRecord } from './run-record.ts';
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
    return `Next: log in to ${listNames(names(stuck), LIMIT_NAMES)} by the console: what was undone there is not complete.`;
  }

  const bad = ended('failed', 'unreachable', 'rolled_back');
  if (bad.length > 0) {
    return `Next: see to the errors above, then run again${limit(bad, hosts)}${isCheck ? ' and --check' : ''}.`;
  }

  const busy = ended('busy');
  if (busy.length > 0) {
    return `Next: wait for the other run to end, then run again${limit(busy, hosts)}.`;
  }

  const unfinished = ended(null);
  if (unfinished.length > 0) {
    return `Next: run again: ${counted(unfinished.length, 'host')} of ${hosts.length} ended before being done.`;
  }

  if (isCheck) {
    const isChanging = hosts.some(({ changed, unknown }) => changed + unknown > 0);
    if (isChanging) return 'Next: run again without --check to apply.';
  }

  const changed = ended('changed');
  if (changed.length > 0)
    return `Done: ${changed.length} of ${counted(hosts.length, 'host')} changed.`;

  const asDescribed = ended('ok');
  if (asDescribed.length === 0) return 'Nothing was done: no host was chosen.';
  const are = asDescribed.length === 1 ? 'is' : 'are';
  return `Nothing to change: ${counted(asDescribed.length, 'host')} ${are} as described.`;
}

function limit(hosts: readonly HostRecord[], all: readonly HostRecord[]): string {
  if (hosts.length === all.length || hosts.length > LIMIT_NAMES) return '';
  return ` with --limit ${names(hosts).join(',')}`;
}

function names(hosts: readonly HostRecord[]): readonly string[] {
  return hosts.map(({ name }) => name);
}
