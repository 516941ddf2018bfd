import { familyOf, holdsIp, normalIp, parseIp, parseIpNetwork } from './address.ts';
import type { Inventory } from './model.ts';

/**
 * The address that a host of the fleet sees of this machine; null: it sees that of another one on the
 * way. A host that sees another address sees that of a jump host, unless one that is private here is
 * translated to a public one.
 *
 * @param own the address of this machine that its own routes choose
 * @param peer what the host, or its dom0, says of the other end of its connection; null: unknown
 * @param book the inventory's hosts by address
 */
export function seenAddress(
  own: string,
  peer: string | null,
  book: ReadonlyMap<string, string>,
): string | null {
  const isOfFamily = peer !== null && familyOf(peer) === familyOf(own);
  const seen = normalIp(isOfFamily ? peer : own);
  const isTranslated = isPrivate(own) && !isPrivate(seen) && !book.has(seen);
  return seen === normalIp(own) || isTranslated ? seen : null;
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
