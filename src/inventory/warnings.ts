import type { Diagnostic } from '../source/diagnostic.ts';
import type { Inventory } from './model.ts';

const XEN_PREFIX = '00:16:3e:';
const LOCALLY_ADMINISTERED = 0x02;

/** What is allowed and yet may surprise: MACs that belong to the maker of some network card. */
export function inventoryWarnings(inventory: Inventory): Diagnostic[] {
  return [...inventory.hosts.values()].flatMap((host) => {
    const foreign = host.kind === 'domU' ? host.vifs.filter(({ mac }) => isForeign(mac)) : [];
    return foreign.map(({ mac, position }) => ({
      position,
      message: `the MAC ${mac} of ${host.name} may be that of a real network card`,
      hint: `begin it with ${XEN_PREFIX} or 02:, or leave it out`,
      excerpt: null,
    }));
  });
}

function isForeign(mac: string): boolean {
  const isLocal = (Number.parseInt(mac.slice(0, 2), 16) & LOCALLY_ADMINISTERED) !== 0;
  return !isLocal && !mac.startsWith(XEN_PREFIX);
}
