import {
  contains,
  formatIpv4,
  hasBroadcast,
  lastOf,
  parseCidr,
  parseIpv4,
  type Subnet,
} from '../inventory/ipv4.ts';
import type { Inventory } from '../inventory/model.ts';

/** An IPv4 network of the inventory. */
export interface Net {
  readonly subnet: Subnet;
  readonly gateway: string | null;
}

/** The IPv4 networks of an inventory. */
export function netsOf(inventory: Inventory): readonly Net[] {
  return [...inventory.networks.values()].flatMap(({ subnet, gateway }) => {
    const cidr = parseCidr(subnet);
    return cidr === null ? [] : [{ subnet: cidr.subnet, gateway }];
  });
}

/** One address of each network that has one left, the `offset`-th or the next; they are taken then. */
export function freeAddresses(
  nets: readonly Net[],
  taken: Set<string>,
  offset: number,
): readonly string[] {
  return nets.flatMap(({ subnet, gateway }) => {
    const edge = hasBroadcast(subnet) ? 1 : 0;
    const first = subnet.first + edge;
    const count = lastOf(subnet) - edge - first + 1;
    for (let step = 0; step < Math.min(count, 65_536); step += 1) {
      const address = formatIpv4(first + ((offset - 1 + step) % count));
      if (taken.has(address) || address === gateway) continue;
      taken.add(address);
      return [`${address}/${subnet.prefix}`];
    }
    return [];
  });
}

function netOf(address: string, nets: readonly Net[]): Net | undefined {
  const number = parseIpv4(address.replace(/\/.*$/, ''));
  return number === null ? undefined : nets.find(({ subnet }) => contains(subnet, number));
}

/** `192.168.0.200/24`, the prefix length by the network that the address is in; null when it is in none. */
export function withPrefix(address: string, nets: readonly Net[]): string | null {
  const net = netOf(address, nets);
  return net === undefined ? null : `${address}/${net.subnet.prefix}`;
}

/** The gateway of the network that an address is in. */
export function gatewayFor(address: string | undefined, nets: readonly Net[]): string | undefined {
  return (address === undefined ? undefined : netOf(address, nets)?.gateway) ?? undefined;
}
