import type { NetworkInterface } from '../host/query.ts';
import type { DomU, Vif } from '../inventory/model.ts';

/** A vif of the inventory beside the interface that it is now. */
export interface LiveVif {
  readonly vif: Vif;
  /** null: the guest has no interface of that MAC. */
  readonly link: NetworkInterface | null;
}

/** The guest's vifs by their MACs, whatever their interfaces are called now. */
export function liveVifs(domU: DomU, interfaces: readonly NetworkInterface[]): readonly LiveVif[] {
  return domU.vifs.map((vif) => {
    // VLANs and bridges carry the MAC of the interface below them: the right name wins.
    const candidates = interfaces.filter(({ mac }) => mac === vif.mac);
    const link = candidates.find(({ name }) => name === vif.iface) ?? candidates[0] ?? null;
    return { vif, link };
  });
}

/** What is to happen outside before the vifs are as described, one sentence each. */
export function vifsToCome(domU: DomU, live: readonly LiveVif[]): readonly string[] {
  return live.flatMap(({ vif, link }) => {
    if (link === null) return [`${vif.iface} appears when ${domU.name} is next created`];
    return [
      ...(link.name === vif.iface
        ? []
        : [
            `${link.name} is to be called ${vif.iface} when ${domU.name} next starts; if nothing renames it, say "iface: ${link.name}"`,
          ]),
      ...(link.isUp
        ? []
        : [
            `${vif.iface} is down: its addresses and routes follow in the next run after ifup ${vif.iface}`,
          ]),
    ];
  });
}
