import type { DomU } from '../inventory/model.ts';

/** A vif as an earlier run wrote it, whether or not the inventory still has it. */
export interface FormerVif {
  readonly iface: string;
  /** Lower case. */
  readonly mac: string;
  /** Both families. */
  readonly ips: readonly string[];
}

/** What to remember of a guest whose names and interfaces are written now. */
export function formerVifs(domU: DomU): readonly FormerVif[] {
  return domU.vifs.map(({ iface, mac, ips }) => ({ iface, mac, ips }));
}
