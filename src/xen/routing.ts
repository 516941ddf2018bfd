import type { Route, Rule } from '../host/query.ts';
import type { DomU, Vif } from '../inventory/model.ts';

export interface InterfaceAddress {
  readonly iface: string;
  readonly ip: string;
  readonly prefix: number;
}

/** What a domU's kernel should hold; each list in the order in which it can be added. */
export interface DesiredRouting {
  readonly addresses: readonly InterfaceAddress[];
  /** Those of the main table are its connected networks and its one default route. */
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
}

/** Number of the kernel's own table `main` (rt_tables). */
export const mainTable = 254;

/** Destination of a default route. */
export const anywhere = '0.0.0.0/0';

/**
 * Whether answers from the vif's addresses would leave through another vif if only the main table
 * were there, so that dom0's anti-spoofing or their own rp_filter would drop them. That is so when
 *
 * - another vif of the guest is in the same subnet: main keeps one connected route in force, or
 * - its network has a gateway, but the main table's default route is another vif's.
 *
 * One vif with several addresses needs no table.
 */
export function needsTable(domU: DomU, vif: Vif): boolean {
  const sharesSubnet = domU.vifs.some(
    (other) => other !== vif && subnetOf(vif) !== null && subnetOf(other) === subnetOf(vif),
  );
  return sharesSubnet || (gatewayOf(vif) !== null && vif !== defaultVif(domU));
}

/** The vif that holds the main table's default route: the first whose network has a gateway. */
export function defaultVif(domU: DomU): Vif | null {
  return domU.vifs.find((vif) => gatewayOf(vif) !== null) ?? null;
}

/** The vif whose connected route the main table uses for each of the guest's subnets: the first. */
function firstOfEachSubnet(domU: DomU): readonly Vif[] {
  return domU.vifs.filter(
    (vif) =>
      vif.ipv4 !== null && domU.vifs.find((other) => subnetOf(other) === subnetOf(vif)) === vif,
  );
}

/** Source address of what leaves through the vif on its own account: its first. */
function mainAddress(vif: Vif): readonly string[] {
  return vif.ipv4?.ips.slice(0, 1) ?? [];
}

const subnetOf = (vif: Vif): string | null => vif.ipv4?.network.subnet ?? null;

const gatewayOf = (vif: Vif): string | null => vif.ipv4?.network.gateway ?? null;

/** Routes of the vif's own table: its network, copies of the guest's other networks, a default. */
export function tableRoutes(domU: DomU, vif: Vif): readonly Route[] {
  const others = firstOfEachSubnet(domU).filter((other) => subnetOf(other) !== subnetOf(vif));
  return [
    ...[vif, ...others].flatMap((each) => connected(each, vif.table.id)),
    ...defaultRoute(vif, vif.table.id, mainAddress(vif)[0] ?? null),
  ];
}

/** One rule for each address of the vif: what is sent from it looks in the vif's own table. */
export function tableRules(vif: Vif): readonly Rule[] {
  return (vif.ipv4?.ips ?? []).flatMap((ip, index) => {
    const priority = vif.ipv4?.priorities[index];
    return priority === undefined
      ? []
      : [
          {
            priority,
            from: `${ip}/32`,
            to: null,
            iif: null,
            oif: null,
            table: vif.table.id,
            rest: '',
          },
        ];
  });
}

/** Addresses, routes and rules of a guest, for its interfaces under the inventory's names. */
export function desiredRouting(domU: DomU): DesiredRouting {
  const routed = domU.vifs.filter((vif) => needsTable(domU, vif));
  const main = defaultVif(domU);
  return {
    addresses: domU.vifs.flatMap((vif) =>
      (vif.ipv4?.ips ?? []).map((ip) => ({ iface: vif.iface, ip, prefix: vif.ipv4?.prefix ?? 32 })),
    ),
    routes: [
      ...firstOfEachSubnet(domU).flatMap((vif) => connected(vif, mainTable)),
      ...routed.flatMap((vif) => tableRoutes(domU, vif)),
      ...(main === null ? [] : defaultRoute(main, mainTable, null)),
    ],
    rules: routed.flatMap(tableRules),
  };
}

/** A route as `ip route` prints it, without its table. */
export function formatRoute({ destination, via, dev, scope, src }: Route): string {
  return [
    destination === anywhere ? 'default' : destination,
    ...(via === null ? [] : ['via', via]),
    ...(dev === null ? [] : ['dev', dev]),
    ...(scope === null ? [] : ['scope', scope]),
    ...(src === null ? [] : ['src', src]),
  ].join(' ');
}

function connected(vif: Vif, table: number): readonly Route[] {
  return mainAddress(vif).map((src) => ({
    table,
    destination: subnetOf(vif) ?? '',
    via: null,
    dev: vif.iface,
    scope: 'link',
    src,
    metric: null,
    rest: '',
  }));
}

function defaultRoute(vif: Vif, table: number, src: string | null): readonly Route[] {
  const via = gatewayOf(vif);
  return via === null
    ? []
    : [
        {
          table,
          destination: anywhere,
          via,
          dev: vif.iface,
          scope: null,
          src,
          metric: null,
          rest: '',
        },
      ];
}
