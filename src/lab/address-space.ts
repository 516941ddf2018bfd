import {
  familyOf,
  formatIp,
  holdsIp,
  type IpNetwork,
  lastIpOf,
  parseIp,
  parseIpCidr,
} from '../inventory/address.ts';
import type { Family, Inventory } from '../inventory/model.ts';

/** A network of the inventory. */
export interface Net {
  readonly subnet: IpNetwork;
  /** As it is written in the inventory. */
  readonly text: string;
  readonly gateway: string | null;
}

/** The networks of an inventory, those of IPv4 first. */
export function netsOf(inventory: Inventory): readonly Net[] {
  const nets = [...inventory.networks.values()].flatMap(({ subnet: text, gateway }) => {
    const cidr = parseIpCidr(text);
    return cidr === null ? [] : [{ subnet: cidr.network, text, gateway }];
  });
  return nets.toSorted((left, right) => left.subnet.family - right.subnet.family);
}

/** One address of each network that has one left, the `offset`-th or the next; they are taken then. */
export function freeAddresses(
  nets: readonly Net[],
  taken: Set<string>,
  offset: number,
): readonly string[] {
  return nets.flatMap(({ subnet, gateway }) => {
    const { family, first, prefix } = subnet;
    const size = lastIpOf(subnet).number - first + 1n;
    // The network's own address and the broadcast address; in IPv6 the first one is every router's.
    const edges = size < 4n ? 0n : family === 4 ? 2n : 1n;
    const count = size - edges;
    const start = first + (edges === 0n ? 0n : 1n);
    for (let step = 0; step < Math.min(Number(count), 65_536); step += 1) {
      const address = formatIp({ family, number: start + (BigInt(offset - 1 + step) % count) });
      if (taken.has(address) || address === gateway) continue;
      taken.add(address);
      return [`${address}/${prefix}`];
    }
    return [];
  });
}

/** The network that an address is in, with or without a prefix length: the one with the longest prefix. */
export function netOf(address: string | undefined, nets: readonly Net[]): Net | null {
  const parsed = parseIp((address ?? '').replace(/\/.*$/, ''));
  if (parsed === null) return null;
  const holding = nets.filter(({ subnet }) => holdsIp(subnet, parsed));
  return holding.toSorted((left, right) => right.subnet.prefix - left.subnet.prefix)[0] ?? null;
}

/** `192.168.0.200/24`, the prefix length by the network that the address is in; null when it is in none. */
export function withPrefix(address: string, nets: readonly Net[]): string | null {
  const net = netOf(address, nets);
  return net === null ? null : `${address}/${net.subnet.prefix}`;
}

/** The gateway of the first of some addresses of a family that is in a network with a gateway. */
export function gatewayFor(
  addresses: readonly string[],
  family: Family,
  nets: readonly Net[],
): string | undefined {
  const ofFamily = addresses.filter((address) => familyOf(address) === family);
  return ofFamily.map((address) => netOf(address, nets)?.gateway ?? null).find(isText);
}

const isText = (text: string | null): text is string => text !== null;
