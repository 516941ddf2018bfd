import type { TcpOutcome, TcpProbe } from '../connection/probe-tcp.ts';
import type { HealthResult } from '../host/window.ts';
import { holdsIp, normalIp, parseIp, parseIpNetwork } from '../inventory/address.ts';
import type { DomU, Host, Inventory } from '../inventory/model.ts';
import { openPorts, type Prober, spread } from './health-ports.ts';

/** What must work after a change as it did before. */
export interface HealthPlan {
  /** What the host pings: address -> what it is, in words. */
  readonly pings: ReadonlyMap<string, string>;
  /** Where this machine connects to, and whose that is; null: the host's own. */
  readonly probes: readonly HealthProbe[];
  /** Why no gateway of the host's is known; null: one is. */
  readonly gap: string | null;
}

export interface HealthProbe {
  readonly probe: TcpProbe;
  readonly guest: string | null;
}

/** More of a window are not tried. */
const mostProbes = 64;

/** How things are at one time; outcomes are in the probes' order. */
export interface Health {
  readonly pings: HealthResult;
  readonly probes: readonly (TcpOutcome | null)[];
}

/**
 * The gateways of the host's networks; and from here by TCP what the inventory opens to this machine of
 * a guest, or of all guests of a dom0. Of these also the port of their SSH where one connects to them
 * directly, else a ping of the dom0's. No prober: what the inventory opens is not compared.
 */
export function healthPlan(host: Host, inventory: Inventory, prober: Prober | null): HealthPlan {
  const gateways = gatewaysOf(host, inventory);
  const pings = new Map(gateways.map((gateway) => [gateway, `its gateway ${gateway}`]));
  const lists = guestsOf(host, inventory).map((guest): readonly HealthProbe[] => {
    const dom0 = inventory.hosts.get(guest.dom0);
    const name = guest === host ? null : guest.name;
    const ports = prober !== null && dom0?.kind === 'dom0' ? openPorts(guest, dom0, prober) : [];
    const probes = ports.map((probe) => ({ probe, guest: name }));
    if (name === null) return probes;
    if (guest.ssh.jump === null) {
      const port = guest.ssh.port ?? 22;
      return [{ probe: { address: guest.address, port, localPort: null }, guest: name }, ...probes];
    }
    if (parseIp(guest.address) !== null) {
      pings.set(guest.address, `its guest ${name} (${guest.address})`);
    }
    return probes;
  });
  const probes = spread(lists, mostProbes, ({ probe: { address, port, localPort } }) =>
    [normalIp(address), port, localPort].join(' '),
  );
  return { pings, probes, gap: gateways.length > 0 ? null : gapOf(host) };
}

/** The guests whose work a change of the host's network may stop. */
export function guestsOf(host: Host, inventory: Inventory): readonly DomU[] {
  if (host.kind === 'domU') return [host];
  const names = host.kind === 'dom0' ? host.domUs : [];
  return names.flatMap((name) => {
    const guest = inventory.hosts.get(name);
    return guest?.kind === 'domU' ? [guest] : [];
  });
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
      ? [`${whose(guest, address)} does not answer on port ${port} any more`]
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

function gapOf({ kind, address }: Host): string {
  return kind !== 'domU' && parseIp(address) === null
    ? 'its address is a name, so that its gateway is not known'
    : 'the inventory has no gateway of its networks';
}

function whose(guest: string | null, address: string): string {
  return guest === null ? `its address ${address}` : `its guest ${guest} (${address})`;
}

/** Whether it is there at all. */
export function isAnswer(outcome: TcpOutcome | null | undefined): boolean {
  return rank(outcome) > 0;
}

/** A port that is closed still tells that the guest is there. */
function rank(outcome: TcpOutcome | null | undefined): number {
  if (outcome === 'open') return 2;
  return outcome === 'refused' ? 1 : 0;
}
