import type { Family, Route, Rule } from '../host/query.ts';
import type { DomU, Vif } from '../inventory/model.ts';
import { sideOf, sidesOf, type VifSide } from './vif-side.ts';

export interface InterfaceAddress {
  readonly iface: string;
  readonly ip: string;
  readonly prefix: number;
}

/** What a domU's kernel should hold of one family; each list in the order in which it can be added. */
export interface DesiredRouting {
  readonly addresses: readonly InterfaceAddress[];
  /** Those of the main table are its connected networks and its one default route. */
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
}

/** Number of the kernel's own table `main` (rt_tables). */
export const mainTable = 254;

/** Both families, in the order in which they are dealt with. */
export const families = [4, 6] as const satisfies readonly Family[];

/** Destination of a default route. */
export const anywhere: Readonly<Record<Family, string>> = { 4: '0.0.0.0/0', 6: '::/0' };

/** Metric of a connected route that the kernel makes with an address (IP6_RT_PRIO_ADDRCONF). */
const connectedMetric: Readonly<Record<Family, number | null>> = { 4: null, 6: 256 };

/**
 * Whether answers from the vif's addresses would leave through another vif if only the main table
 * were there, so that dom0's anti-spoofing or their own rp_filter would drop them. That is so when
 *
 * - another vif of the guest is in the same network: main keeps one connected route in force, or
 * - it has a gateway, but the main table's default route is another vif's.
 *
 * One vif with several addresses needs no table. Without a family: whether one of the two needs it.
 */
export function needsTable(domU: DomU, vif: Vif, family?: Family): boolean {
  if (family === undefined) return families.some((each) => needsTable(domU, vif, each));
  const side = sideOf(vif, family);
  if (side === null) return false;
  const sharesNetwork = domU.vifs.some(
    (other) => other !== vif && networkOf(other, family) === networkOf(vif, family),
  );
  return sharesNetwork || (side.gateway !== null && vif !== defaultVif(domU, family));
}

/** The vif that holds the main table's default route: the first that has a gateway. */
export function defaultVif(domU: DomU, family: Family = 4): Vif | null {
  return sidesOf(domU, family).find(({ gateway }) => gateway !== null)?.vif ?? null;
}

/** Routes of the vif's own table: its subnet, copies of the guest's other subnets, a default. */
export function tableRoutes(domU: DomU, vif: Vif, family: Family = 4): readonly Route[] {
  const side = sideOf(vif, family);
  if (side === null) return [];
  const others = firstOfEachSubnet(domU, family).filter(({ subnet }) => subnet !== side.subnet);
  return [
    ...[side, ...others].flatMap((each) => connected(each, vif.table.id, null)),
    ...defaultRoute(side, vif.table.id, family === 4 ? side.ips[0] : null),
  ];
}

/** One rule for each address of the vif: what is sent from it looks in the vif's own table. */
export function tableRules(vif: Vif, family: Family = 4): readonly Rule[] {
  const side = sideOf(vif, family);
  return (side?.ips ?? []).flatMap((ip, index) => {
    const priority = side?.priorities[index];
    const from = `${ip}/${family === 4 ? 32 : 128}`;
    const table = vif.table.id;
    return priority === undefined
      ? []
      : [{ priority, from, to: null, iif: null, oif: null, table, rest: '' }];
  });
}

/** Addresses, routes and rules of a guest, for its interfaces under the inventory's names. */
export function desiredRouting(domU: DomU, family: Family = 4): DesiredRouting {
  const withTable = domU.vifs.filter((vif) => needsTable(domU, vif, family));
  const main = defaultVif(domU, family);
  const mainSide = main === null ? null : sideOf(main, family);
  return {
    addresses: sidesOf(domU, family).flatMap(({ vif, ips, prefix }) =>
      ips.map((ip) => ({ iface: vif.iface, ip, prefix })),
    ),
    routes: [
      ...firstOfEachSubnet(domU, family).flatMap((side) =>
        connected(side, mainTable, connectedMetric[family]),
      ),
      ...withTable.flatMap((vif) => tableRoutes(domU, vif, family)),
      ...(mainSide === null ? [] : defaultRoute(mainSide, mainTable, null)),
    ],
    rules: withTable.flatMap((vif) => tableRules(vif, family)),
  };
}

/** A route in the words of `ip route`, without its table. */
export function formatRoute({ destination, via, dev, scope, src, metric, rest }: Route): string {
  return [
    destination === anywhere[4] || destination === anywhere[6] ? 'default' : destination,
    ...(via === null ? [] : ['via', via]),
    ...(dev === null ? [] : ['dev', dev]),
    ...(scope === null ? [] : ['scope', scope]),
    ...(src === null ? [] : ['src', src]),
    ...(metric === null ? [] : ['metric', `${metric}`]),
    ...(rest === '' ? [] : [rest]),
  ].join(' ');
}

function networkOf(vif: Vif, family: Family): string | null {
  return (family === 4 ? vif.ipv4 : vif.ipv6)?.network.subnet ?? null;
}

/** Those whose connected route the main table uses for each of the guest's subnets: the first. */
function firstOfEachSubnet(domU: DomU, family: Family): readonly VifSide[] {
  const sides = sidesOf(domU, family);
  return sides.filter(
    ({ subnet }, index) =>
      subnet !== null && sides.findIndex((other) => other.subnet === subnet) === index,
  );
}

function connected(side: VifSide, table: number, metric: number | null): readonly Route[] {
  const { vif, family, subnet, ips } = side;
  if (subnet === null) return [];
  const ofFamily = family === 4 ? { scope: 'link', src: ips[0] } : { scope: null, src: null };
  const dev = vif.iface;
  return [{ table, destination: subnet, via: null, dev, ...ofFamily, metric, rest: '' }];
}

function defaultRoute(side: VifSide, table: number, src: string | null): readonly Route[] {
  const { vif, family, gateway: via, subnet } = side;
  if (via === null) return [];
  const rest = subnet === null ? 'onlink' : '';
  const place = { table, destination: anywhere[family], via, dev: vif.iface };
  return [{ ...place, scope: null, src, metric: null, rest }];
}
