import type { Family } from '../host/query.ts';
import type { DomU, Vif } from '../inventory/model.ts';

/** A vif as one address family sees it. */
export interface VifSide {
  readonly vif: Vif;
  readonly family: Family;
  /** The first is the main one. */
  readonly ips: readonly [string, ...string[]];
  /** Priority of the rule of each address, in step with `ips`. */
  readonly priorities: readonly number[];
  /** Prefix length of the addresses on the interface. */
  readonly prefix: number;
  /** CIDR of what the interface reaches without a gateway; null where that is nothing. */
  readonly subnet: string | null;
  readonly gateway: string | null;
}

/**
 * Where vif-route's end of a vif is for its guest: Xen gives each the MAC fe:ff:ff:ff:ff:ff, and the
 * link-local address follows from that (RFC 4291, appendix A).
 */
const routedGateway = 'fe80::fcff:ffff:feff:ffff';

/** Whether dom0 routes for the vif, by `vif-route`, and does not bridge it. */
export function isRouted({ script }: Vif): boolean {
  return script.split('/').at(-1) === 'vif-route';
}

/** A vif never changes, and is asked about a hundred times a guest. */
const known = { 4: new WeakMap<Vif, VifSide>(), 6: new WeakMap<Vif, VifSide>() };

/**
 * The vif's addresses of a family and what they are good for; null where it has none. IPv6 of a routed
 * vif has no subnet on the link: dom0 answers neighbour solicitations for its own side only.
 */
export function sideOf(vif: Vif, family: Family): VifSide | null {
  const addresses = family === 4 ? vif.ipv4 : vif.ipv6;
  if (addresses === null) return null;
  const before = known[family].get(vif);
  if (before !== undefined) return before;
  const { ips, priorities, network } = addresses;
  const isAlone = family === 6 && isRouted(vif);
  const prefix = isAlone ? 128 : addresses.prefix;
  const subnet = isAlone ? null : network.subnet;
  const gateway = isAlone ? routedGateway : network.gateway;
  const side = { vif, family, ips, priorities, prefix, subnet, gateway };
  known[family].set(vif, side);
  return side;
}

/** The sides of all vifs that have addresses of the family. */
export function sidesOf(domU: DomU, family: Family): readonly VifSide[] {
  return domU.vifs.flatMap((vif) => sideOf(vif, family) ?? []);
}
