import { parseIpNetwork } from '../inventory/address.ts';
import type { Allow, DomU, PortRange } from '../inventory/model.ts';
import { admits, openingsOf } from '../inventory/openings.ts';
import { localPortFor } from '../inventory/port-ranges.ts';
import { isBridged } from '../xen/firewall-spoof.ts';
import type { PlannedProbe, Subject } from './model.ts';

/** What probes of an address are sent, and what of it can't be proven from here. */
export interface ProbePlan {
  readonly probes: readonly PlannedProbe[];
  /** Sentences; alike for addresses that are alike. */
  readonly notes: readonly string[];
}

/** The machine that probes. */
export interface Prober {
  /** Its address as the guest sees it. */
  readonly source: string;
  /** Whether it may use source ports below 1024. */
  readonly isRoot: boolean;
}

/** More of an entry are not tried at an address. */
export const mostProbesOfEntry = 16;

/** Forbidden ports that are tried at an address. */
export const forbiddenSample = 3;

const sshPort = 22;

/**
 * The TCP connections that prove what the inventory says of an address: ports that are allowed from
 * here, and a few that nothing allows. Port 22 of a guest that isn't filtered stands for its address.
 */
export function probePlan(subject: Subject, { source, isRoot }: Prober): ProbePlan {
  const { address, guest, vif, dom0 } = subject;
  const entries = openingsOf(address, guest, dom0);
  if (guest.allow === null) {
    const port = guest.ssh.port ?? sshPort;
    return { probes: [{ address, port, localPort: null, expected: 'answer' }], notes: [] };
  }
  const notes = new Set<string>();
  const probes = new Map<string, PlannedProbe>();
  for (const entry of entries) {
    if (!admits(entry.from, source)) {
      notes.add('entries that do not allow this machine are not tried');
      continue;
    }
    const localPort = localPortFor(entry.fromPorts, isRoot);
    if (localPort === 'privileged') {
      notes.add('entries with source ports below 1024 are not tried: that takes root');
      continue;
    }
    const { ports, isSampled } = portsOf(entry.ports);
    if (isSampled) notes.add('of ranges of ports the first, the last and one between are tried');
    for (const { port, isSingle } of ports) {
      const key = `${port} ${localPort ?? ''}`;
      const isOpen = isSingle || probes.get(key)?.expected === 'open';
      probes.set(key, { address, port, localPort, expected: isOpen ? 'open' : 'answer' });
    }
  }
  if (!isBridged(vif)) {
    for (const port of forbiddenPorts(entries)) {
      probes.set(`${port} closed`, { address, port, localPort: null, expected: 'closed' });
    }
  }
  return { probes: [...probes.values()], notes: [...notes] };
}

interface PortSample {
  readonly ports: readonly { readonly port: number; readonly isSingle: boolean }[];
  readonly isSampled: boolean;
}

/** Single ports first; of ranges the ends and the middle. No ranges are all ports. */
export function portsOf(ranges: readonly PortRange[]): PortSample {
  const all = ranges.length === 0 ? [{ first: 1, last: 65_535 }] : ranges;
  const singles = all.filter(({ first, last }) => first === last).map(({ first }) => first);
  const wide = all.filter(({ first, last }) => first !== last);
  const single = new Set(singles);
  const sampled = new Set(
    wide.flatMap(({ first, last }) => [first, last, Math.floor((first + last) / 2)]),
  );
  const ports = [
    ...[...single].map((port) => ({ port, isSingle: true })),
    ...[...sampled].filter((port) => !single.has(port)).map((port) => ({ port, isSingle: false })),
  ];
  const isSampled =
    ports.length > mostProbesOfEntry || wide.some(({ first, last }) => last - first >= 3);
  return { ports: ports.slice(0, mostProbesOfEntry), isSampled };
}

/** Where things that should not be seen often listen, and some where nothing does. */
const candidates = [23, 3306, 6379, 111, 25, 445, 5432, 8080, 9100, 2049, 81, 1];

/** A few ports that no entry allows, whoever asks; always the same ones. */
export function forbiddenPorts(entries: readonly Pick<Allow, 'ports'>[]): readonly number[] {
  const isAllowed = (port: number): boolean =>
    entries.some(
      ({ ports }) =>
        ports.length === 0 || ports.some(({ first, last }) => first <= port && port <= last),
    );
  const found: number[] = [];
  for (const port of candidates) if (!isAllowed(port)) found.push(port);
  for (let port = 2; found.length < forbiddenSample && port < 65_536; port += 1) {
    if (port !== sshPort && !found.includes(port) && !isAllowed(port)) found.push(port);
  }
  return found.slice(0, forbiddenSample);
}

/** A sentence where what the guest serves by UDP may answer from another address; null elsewhere. */
export function udpNote({ allow, vifs }: DomU): string | null {
  const hasUdp = allow?.some(({ proto, direction }) => proto === 'udp' && direction === 'in');
  const addresses = vifs.flatMap(({ ips }) => ips).filter((ip) => parseIpNetwork(ip) !== null);
  return hasUdp === true && addresses.length > 1
    ? 'UDP servers that are bound to all addresses answer from the first; bind them to each'
    : null;
}
