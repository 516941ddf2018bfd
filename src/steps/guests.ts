import type { Dom0, DomU, Inventory } from '../inventory/model.ts';

/** The domUs of a dom0, in inventory order. */
export function guestsOf(dom0: Dom0, inventory: Inventory): readonly DomU[] {
  return dom0.domUs.flatMap((name) => {
    const host = inventory.hosts.get(name);
    return host?.kind === 'domU' ? [host] : [];
  });
}
