import { normalIp } from '../inventory/address.ts';
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

/** From where an address is probed, or why it isn't, in a sentence that is alike for alike addresses. */
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
  const isOfFamily = peer !== null && peer.includes(':') === (family === 6);
  const source = isOfFamily ? peer : own;
  const via = book.get(normalIp(source));
  if (source !== own && via !== undefined) {
    return { reason: 'guests that are reached by way of another host are not probed from here' };
  }
  return { source, isRoot };
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
