import type { Family, Route, Rule } from '../host/query.ts';
import { familyOf } from '../inventory/address.ts';
import type { DomU, Vif } from '../inventory/model.ts';
import { desiredRouting, families, mainTable } from './routing.ts';
import { sidesOf } from './vif-side.ts';

/** What the files of an interface must bring up. */
export interface LinkSettings {
  readonly vif: Vif;
  readonly addresses: readonly LinkAddress[];
  /** Through this interface, whichever vif's table they are in; none that comes with an address. */
  readonly routes: readonly Route[];
  /** Those of the vif's own addresses. */
  readonly rules: readonly Rule[];
}

export interface LinkAddress {
  readonly ip: string;
  readonly prefix: number;
  /**
   * Metric of the connected route that comes with it; null for the kernel's own. Where two vifs are
   * in one subnet, programs that bring up interfaces side by side would otherwise leave it to chance
   * which of them the main table uses.
   */
  readonly metric: number | null;
}

/** The guest's state by interface, in the order of its vifs. */
export function linkSettings(domU: DomU): readonly LinkSettings[] {
  const ofFamilies = families.map((family) => desiredRouting(domU, family));
  const addresses = ofFamilies.flatMap((each) => each.addresses);
  const routes = ofFamilies.flatMap((each) => each.routes);
  const rules = ofFamilies.flatMap((each) => each.rules);
  return domU.vifs.map((vif, place) => ({
    vif,
    addresses: addresses
      .filter(({ iface }) => iface === vif.iface)
      .map(({ ip, prefix }) => ({ ip, prefix, metric: metricOf(domU, place, familyOf(ip)) })),
    routes: routes.filter((route) => route.dev === vif.iface && !comesWithAddress(route)),
    rules: rules.filter(({ table }) => table === vif.table.id),
  }));
}

/** The kernel's own of IPv6 is 256, of IPv4 0 (`ip route`). */
function metricOf(domU: DomU, place: number, family: Family): number | null {
  const sides = sidesOf(domU, family);
  const side = sides.find(({ vif }) => vif === domU.vifs[place]);
  const first = sides.find(({ subnet }) => subnet === side?.subnet);
  if (side === undefined || side.subnet === null || side === first) return null;
  return family === 4 ? place : 256 + place;
}

const comesWithAddress = ({ table, via }: Route): boolean => table === mainTable && via === null;
