import type { TcpOutcome, TcpProbe } from '../connection/probe-tcp.ts';
import type { HealthResult } from '../host/window.ts';
import { holdsIp, normalIp, parseIp, parseIpNetwork } from '../inventory/address.ts';
import type { Host, Inventory } from '../inventory/model.ts';

/** What must work after a change as it did before. */
export interface HealthPlan {
  /** What the host pings: address -> what it is, in words. */
  readonly pings: ReadonlyMap<string, string>;
  /** Where this machine connects to, and whose that is. */
  readonly probes: readonly { readonly probe: TcpProbe; readonly guest: string }[];
}

/** How things are at one time; outcomes are in the probes' order. */
export interface Health {
  readonly pings: HealthResult;
  readonly probes: readonly (TcpOutcome | null)[];
}

/**
 * The gateways of the host's networks, and of a dom0 its guests: from here by TCP to the port of
 * their SSH where one connects to them directly, else by a ping of the dom0's.
 */
export function healthPlan(host: Host, inventory: Inventory): HealthPlan {
  const pings = new Map<string, string>();
  for (const gateway of gatewaysOf(host, inventory)) pings.set(gateway, `its gateway ${gateway}`);
  const probes: HealthPlan['probes'][number][] = [];
  for (const name of host.kind === 'dom0' ? host.domUs : []) {
    const guest = inventory.hosts.get(name);
    if (guest === undefined) continue;
    if (guest.ssh.jump === null) {
      const port = guest.ssh.port ?? 22;
      probes.push({ probe: { address: guest.address, port, localPort: null }, guest: name });
    } else if (parseIp(guest.address) !== null) {
      pings.set(guest.address, `its guest ${name} (${guest.address})`);
    }
  }
  return { pings, probes };
}

/** What worked before and does not any more, one sentence each; what was broken before does not count. */
export function lostHealth(
  { pings, probes }: HealthPlan,
  before: Health,
  after: Health,
): readonly string[] {
  const unreached = [...pings].flatMap(([address, what]) =>
    before.pings.get(address) === true && after.pings.get(address) !== true
      ? [`it does not reach ${what} any more`]
      : [],
  );
  const silent = probes.flatMap(({ probe: { address, port }, guest }, index) =>
    rank(after.probes[index]) < rank(before.probes[index])
      ? [`its guest ${guest} (${address}) does not answer on port ${port} any more`]
      : [],
  );
  return [...unreached, ...silent];
}

function gatewaysOf(host: Host, inventory: Inventory): readonly string[] {
  if (host.kind === 'domU') {
    const gateways = host.vifs.flatMap(({ ipv4, ipv6 }) =>
      [ipv4, ipv6].flatMap((of) => of?.network.gateway ?? []),
    );
    return [...new Set(gateways.map(normalIp))];
  }
  const address = parseIp(host.address);
  if (address === null) return [];
  return [...inventory.networks.values()].flatMap(({ subnet, gateway }) => {
    const network = parseIpNetwork(subnet);
    if (gateway === null || network === null || !holdsIp(network, address)) return [];
    return normalIp(gateway) === normalIp(host.address) ? [] : [normalIp(gateway)];
  });
}

/** A port that is closed still tells that the guest is there. */
function rank(outcome: TcpOutcome | null | undefined): number {
  if (outcome === 'open') return 2;
  return outcome === 'refused' ? 1 : 0;
}
