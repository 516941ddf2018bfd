import type { HostStatus } from '../engine/events.ts';
import type { HostRecord } from './run-record.ts';

/** What several hosts ended with alike. */
export interface ErrorGroup {
  readonly status: HostStatus;
  readonly message: string;
  readonly hint: string | null;
  readonly hosts: readonly string[];
}

// In the order in which a run's exit code looks at them.
const WORST_FIRST: readonly HostStatus[] = [
  'needs_human',
  'rolled_back',
  'failed',
  'unreachable',
  'busy',
  'skipped',
];

interface OpenGroup extends ErrorGroup {
  readonly hosts: string[];
}

/** A host, as far as its error goes. */
export type Failing = Pick<HostRecord, 'name' | 'addresses' | 'status' | 'error'>;

/**
 * Errors that differ only in the host's own name or addresses are one. The worst status comes first, and in it
 * what most hosts have.
 */
export function groupErrors(hosts: readonly Failing[]): readonly ErrorGroup[] {
  const groups = new Map<string, OpenGroup>();
  for (const host of hosts) {
    const { name, status, error } = host;
    if (status === null || error === null) continue;

    const message = impersonal(error.message, host);
    const hint = error.hint === null ? null : impersonal(error.hint, host);
    const key = JSON.stringify([status, message, hint]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { status, ...error, hosts: [name] });
    else {
      group.hosts.push(name);
      // Now that it speaks of several hosts, it names none.
      if (group.hosts.length === 2) groups.set(key, { ...group, message, hint });
    }
  }
  return [...groups.values()].sort(
    (one, other) =>
      WORST_FIRST.indexOf(one.status) - WORST_FIRST.indexOf(other.status) ||
      other.hosts.length - one.hosts.length,
  );
}

/** Sentences that hosts share, each with its hosts, in the order of the run. */
export function groupPending(
  hosts: readonly Pick<HostRecord, 'name' | 'pending'>[],
): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const { name, pending } of hosts) {
    for (const what of pending) {
      const names = groups.get(what);
      if (names === undefined) groups.set(what, [name]);
      else if (names.at(-1) !== name) names.push(name);
    }
  }
  return groups;
}

function impersonal(text: string, { name, addresses }: Failing): string {
  return addresses.reduce(
    (left, address) => without(left, address, '<address>'),
    without(text, name, '<host>'),
  );
}

/** Only where the name stands alone: `xen1` is not in `xen10`, nor in `xen1.example.net`. */
function without(text: string, name: string, placeholder: string): string {
  if (name === '') return text;
  const [first = '', ...others] = text.split(name);
  return others.reduce((before, after) => {
    const isWhole = !/[\w-]$|\w\.$/.test(before) && !/^(?:[\w-]|\.\w)/.test(after);
    return `${before}${isWhole ? placeholder : name}${after}`;
  }, first);
}
