import type { AgreedAlgorithms } from '../connection/contact.ts';
import { type Finding, finding, type Visit } from './model.ts';
import { isPostQuantum } from './weak-algorithms.ts';

/** What was found that is about several hosts together. */
export interface FleetFinding {
  readonly finding: Finding;
  /** Names of the hosts that it is about. */
  readonly hosts: readonly string[];
}

/** Fewer at once than where OpenSSH's MaxStartups, 10:30:100 unless set, begins to refuse. */
const startupsBegin = 10;

/**
 * What follows from the shape of a fleet. `forks`: hosts at once.
 */
export function fleetFindings(visits: readonly Visit[], forks: number): readonly FleetFinding[] {
  return [
    ...proxied(visits, forks),
    ...sharing(visits, forks),
    ...jumped(visits),
    ...quantum(visits),
  ];
}

/** A ProxyCommand is a connection of its own, to whatever it goes through. */
function proxied(visits: readonly Visit[], forks: number): readonly FleetFinding[] {
  const hosts = visits.filter(({ contact }) => contact.proxyCommand != null);
  const atOnce = Math.min(forks, hosts.length);
  if (atOnce < startupsBegin) return [];
  const text = `each has a ProxyCommand of its own: up to ${atOnce} connections at once to what they go through`;
  const hint =
    'if that is one SSH server, it refuses some (MaxStartups 10:30:100): jump or ProxyJump, whose hosts share one connection; or --forks 8, or MaxStartups 100 there';
  return [{ finding: finding('connections', 'weak', text, { hint }), hosts: namesOf(hosts) }];
}

/** One server by several names. */
function sharing(visits: readonly Visit[], forks: number): readonly FleetFinding[] {
  const direct = visits.filter(
    ({ contact: { jumps = [], proxyCommand = null, to } }) =>
      to !== undefined && jumps.length === 0 && proxyCommand === null,
  );
  return [...groupBy(direct, ({ contact: { to = '' } }) => to)].flatMap(([to, hosts]) => {
    if (hosts.length < 2) return [];
    const isMany = Math.min(forks, hosts.length) >= startupsBegin;
    const text = `${hosts.length} hosts of the inventory are one SSH server, ${to}`;
    const hint = isMany
      ? 'it refuses some of so many at once: --forks 8, or MaxStartups 100 there; and is it one machine?'
      : 'is it one machine by two names?';
    return [
      {
        finding: finding('connections', isMany ? 'weak' : 'note', text, { hint }),
        hosts: namesOf(hosts),
      },
    ];
  });
}

/** A jump host has one connection of ours, whatever the number of hosts behind it. */
function jumped(visits: readonly Visit[]): readonly FleetFinding[] {
  const behind = visits.filter(({ contact }) => (contact.jumps?.length ?? 0) > 0);
  const groups = groupBy(behind, ({ contact: { jumps = [] } }) => jumps.at(-1) ?? '');
  return [...groups].flatMap(([jump, hosts]) => {
    const itself = visits.find(({ host }) => host.name === jump);
    const forwarding = itself?.answers?.condition?.sshd.allowTcpForwarding?.toLowerCase() ?? 'yes';
    if (forwarding === 'no' || forwarding === 'remote') {
      const text = `its sshd has AllowTcpForwarding ${forwarding}, and ${hosts.length} hosts go through it`;
      const hint = 'AllowTcpForwarding local there is enough';
      return [{ finding: finding('connections', 'broken', text, { hint }), hosts: [jump] }];
    }
    const count = hosts.length === 1 ? 'one host goes' : `${hosts.length} hosts go`;
    const text = `${count} through ${jump}: one connection to it, and eight logins at once behind it; its MaxStartups need not be raised`;
    return [{ finding: finding('connections', 'ok', text), hosts: namesOf(hosts) }];
  });
}

/** Said once: it is about this program more than about hosts. */
function quantum(visits: readonly Visit[]): readonly FleetFinding[] {
  const hosts = visits.filter(({ contact: { agreed, transport } }) =>
    transport === 'ssh2' && agreed !== undefined ? isOpenToIt(agreed) : false,
  );
  if (hosts.length === 0) return [];
  const text = 'no post-quantum key exchange: who records the traffic may read it in decades';
  const hint = 'what ssh2 does not have, transport: openssh has, where your ssh and the servers do';
  return [{ finding: finding('algorithms', 'note', text, { hint }), hosts: namesOf(hosts) }];
}

function isOpenToIt(agreed: AgreedAlgorithms): boolean {
  return !isPostQuantum(agreed);
}

function namesOf(visits: readonly Visit[]): readonly string[] {
  return visits.map(({ host }) => host.name);
}

function groupBy(
  visits: readonly Visit[],
  keyOf: (visit: Visit) => string,
): ReadonlyMap<string, readonly Visit[]> {
  const groups = new Map<string, Visit[]>();
  for (const visit of visits) {
    const key = keyOf(visit);
    groups.set(key, [...(groups.get(key) ?? []), visit]);
  }
  return groups;
}
