import { familyOf, holdsIp, parseIp, parseIpNetwork } from '../inventory/address.ts';
import type { DomU, Family, Host, Inventory } from '../inventory/model.ts';
import type { Subject } from './model.ts';

/** What is to be verified, and who is asked for it. */
export interface Subjects {
  readonly addresses: readonly Subject[];
  /** The guests and their dom0s, in inventory order. */
  readonly hosts: readonly Host[];
}

/**
 * The addresses of the guests among these hosts, and of all guests of the dom0s among them. Asked are
 * these guests and their dom0s. Plain machines have no such way.
 */
export function subjectsOf(inventory: Inventory, chosen: readonly Host[]): Subjects {
  const names = new Set(chosen.map(({ name }) => name));
  const guests = [...inventory.hosts.values()].filter(
    (host): host is DomU => host.kind === 'domU' && (names.has(host.name) || names.has(host.dom0)),
  );
  const addresses = guests.flatMap((guest): Subject[] => {
    const dom0 = inventory.hosts.get(guest.dom0);
    if (dom0?.kind !== 'dom0') return [];
    return guest.vifs.flatMap((vif) =>
      vif.ips.map((address) => ({ address, family: familyOf(address), guest, vif, dom0 })),
    );
  });
  const asked = new Set(guests.flatMap(({ name, dom0 }) => [name, dom0]));
  return {
    addresses,
    hosts: [...inventory.hosts.values()].filter(({ name }) => asked.has(name)),
  };
}

/** RFC 5737 and RFC 3849, 9637: nobody's own. */
const documentation: Readonly<Record<Family, readonly string[]>> = {
  4: ['203.0.113.1', '198.51.100.1', '192.0.2.1'],
  6: ['2001:db8:ffff::1', '3fff::1', '3fff:fff:ffff::1'],
};

/** An address beyond all networks of the inventory; null: there is none left. */
export function farAddress(inventory: Inventory, family: Family): string | null {
  const subnets = [...inventory.networks.values()].flatMap(
    ({ subnet }) => parseIpNetwork(subnet) ?? [],
  );
  const isFree = (text: string): boolean => {
    const address = parseIp(text);
    return address !== null && !subnets.some((subnet) => holdsIp(subnet, address));
  };
  return documentation[family].find(isFree) ?? null;
}
