import { familyOf, holdsIp, normalIp, parseIp, parseIpNetwork } from '../inventory/address.ts';
import type { Inventory } from '../inventory/model.ts';
import type { Subject } from './model.ts';
import type { Prober } from './probe-plan.ts';

/** What is known of this machine in respect to an address. */
export interface Vantage {
  /** The address that this machine has there by its own routes; null: no way. */
  readonly own: string | null;
  /** The address that it has to the guest, which was asked; null: unknown. */
  readonly peer: string | null;
  readonly isRoot: boolean;
}

/**
 * From where an address is probed, or why it isn't, in a sentence that is alike for alike addresses. A
 * guest that sees another address of this machine sees that of a jump host, unless one that is private
 * here is translated to a public one. `book`: the inventory's hosts by address.
 */
export function proberFor(
  { guest, dom0, family }: Subject,
  { own, peer, isRoot }: Vantage,
  book: ReadonlyMap<string, string>,
): Prober | { readonly reason: string } {
  if (guest.ssh.jump !== null) {
    return { reason: 'guests behind a jump host are not probed from here' };
  }
  if (own === null) return { reason: `this machine has no way to IPv${family} addresses` };
  const host = book.get(normalIp(own));
  if (host === dom0.name) {
    return { reason: `probes from ${dom0.name} itself would pass by its firewall: not sent` };
  }
  const isOfFamily = peer !== null && familyOf(peer) === family;
  const source = isOfFamily ? normalIp(peer) : normalIp(own);
  const isTranslated = isPrivate(own) && !isPrivate(source) && !book.has(source);
  return source === normalIp(own) || isTranslated
    ? { source, isRoot }
    : { reason: 'guests that are reached by way of another host are not probed from here' };
}

/** RFC 1918, RFC 6598, RFC 3927, RFC 4193. */
const privateNetworks = [
  ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16'],
  'fc00::/7',
].flatMap((text) => parseIpNetwork(text) ?? []);

function isPrivate(text: string): boolean {
  const address = parseIp(text);
  return address !== null && privateNetworks.some((network) => holdsIp(network, address));
}

/** The names of the inventory's hosts by their numeric addresses. */
export function addressBook({ hosts }: Inventory): ReadonlyMap<string, string> {
  const named = new Map<string, string>();
  for (const host of hosts.values()) {
    const vifs = host.kind === 'domU' ? host.vifs : [];
    for (const ip of [host.address, ...vifs.flatMap(({ ips }) => ips)]) {
      named.set(normalIp(ip), host.name);
    }
  }
  return named;
}
