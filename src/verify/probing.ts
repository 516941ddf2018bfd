import { normalIp } from '../inventory/address.ts';
import { seenAddress } from '../inventory/vantage.ts';
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
 * From where an address is probed, or why it isn't, in a sentence that is alike for alike addresses.
 * `book`: the inventory's hosts by address.
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
  const source = seenAddress(own, peer, book);
  return source !== null
    ? { source, isRoot }
    : { reason: 'guests that are reached by way of another host are not probed from here' };
}
