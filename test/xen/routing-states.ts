import fc from 'fast-check';
import type { Family, NetworkInterface, Route, Rule } from '../../src/host/query.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { DomU } from '../../src/inventory/model.ts';
import { desiredRouting } from '../../src/xen/routing.ts';
import { nothingOwned, type OwnedRouting } from '../../src/xen/routing-memory.ts';
import type { ObservedRouting } from '../../src/xen/routing-plan.ts';

/** The guest `g` with these vifs, a YAML list, as the inventory's loader makes it. */
export async function guestWith(vifs: string): Promise<DomU> {
  const stdin = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
  storage: { subnet: 10.8.0.0/16 }
  lan6: { subnet: "2001:db8:1::/64", gateway: "2001:db8:1::1" }
  storage6: { subnet: "2001:db8:8::/64" }
dom0: { xen1: { address: 192.168.0.100 } }
domU: { g: { dom0: xen1, vifs: ${vifs} } }
`;
  const { hosts } = await loadInventory({ argument: '-', stdin });
  const host = hosts.get('g');
  if (host?.kind !== 'domU') throw new Error('no guest');
  return host;
}

/** A MAC by its last byte. */
export const mac = (last: number): string => `00:16:3e:00:00:0${last}`;

export function rule(
  priority: number,
  from: string,
  table: number,
  more: Partial<Rule> = {},
): Rule {
  return { priority, from, to: null, iif: null, oif: null, table, rest: '', ...more };
}

export function route(table: number, destination: string, more: Partial<Route> = {}): Route {
  const nothing = { via: null, dev: null, scope: null, src: null, metric: null, rest: '' };
  return { table, destination, ...nothing, ...more };
}

export function link(
  name: string,
  address: string | null,
  addresses: readonly string[],
): NetworkInterface {
  return {
    name,
    mac: address,
    isUp: true,
    addresses: addresses.map((each) => {
      const [ip = '', prefix] = each.split('/');
      return { ip, prefix: Number(prefix) };
    }),
  };
}

export const kernelRules: readonly Rule[] = [
  rule(0, 'all', 255),
  rule(32766, 'all', 254),
  rule(32767, 'all', 253),
];

const byPriority = (rules: readonly Rule[]): readonly Rule[] =>
  rules.toSorted((a, b) => a.priority - b.priority);

/** A host as it should be. */
export function converged(domU: DomU, family: Family = 4): ObservedRouting {
  const desired = desiredRouting(domU, family);
  return {
    interfaces: domU.vifs.map((each) => ({
      name: each.iface,
      mac: each.mac,
      isUp: true,
      addresses: desired.addresses
        .filter(({ iface }) => iface === each.iface)
        .map(({ ip, prefix }) => ({ ip, prefix })),
    })),
    rules: byPriority([...kernelRules, ...desired.rules]),
    routes: desired.routes,
  };
}

/** A state with what earlier runs wrote into it. */
export interface Met {
  readonly state: ObservedRouting;
  readonly owned: OwnedRouting;
}

/** What may be found besides what should be there. */
interface Odds {
  readonly froms: readonly string[];
  readonly destinations: readonly string[];
  readonly vias: readonly string[];
  readonly sources: readonly (string | null)[];
  /** Addresses that the inventory does not have. */
  readonly formerAddresses: readonly string[];
  readonly foreignAddress: string;
  readonly foreignNetwork: string;
}

/** A table that only earlier runs know, and one that is somebody else's. */
export const formerTable = 40;
export const foreignTable = 100;

const odds: Readonly<Record<Family, Odds>> = {
  4: {
    froms: ['all', '192.168.0.5/32', '192.168.0.7/32', '192.168.0.0/24'],
    destinations: ['0.0.0.0/0', '192.168.0.0/24', '10.8.0.0/16', '172.16.0.0/12'],
    vias: ['192.168.0.1', '192.168.0.9'],
    sources: [null, '192.168.0.5', '192.168.0.7'],
    formerAddresses: ['192.168.0.99/24', '10.77.0.5/24'],
    foreignAddress: '10.66.0.1/24',
    foreignNetwork: '10.66.0.0/24',
  },
  6: {
    froms: ['all', '2001:db8:1::5/128', '2001:db8:1::7/128', '2001:db8:1::/64'],
    destinations: ['::/0', '2001:db8:1::/64', '2001:db8:8::/64', 'fd00::/8'],
    vias: ['fe80::1', 'fe80::fcff:ffff:feff:ffff'],
    sources: [null],
    formerAddresses: ['2001:db8:1::99/128', '2001:db8:77::5/64'],
    foreignAddress: '2001:db8:66::1/64',
    foreignNetwork: '2001:db8:66::/64',
  },
};

/**
 * Anything that a host may hold of a family: parts of what it should, in any order, among leftovers and
 * foreigners; a container bridge perhaps, addresses of former days, and what earlier runs remember.
 */
export function someState(domU: DomU, family: Family): fc.Arbitrary<Met> {
  const { froms, destinations, vias, sources, formerAddresses, ...foreign } = odds[family];
  const tables = fc.constantFrom(16, 17, 18, formerTable, foreignTable, 254);
  const someRule = fc.record({
    priority: fc.constantFrom(500, 1000, 1001, 1016, 1032, 1500, 32765),
    from: fc.constantFrom(...froms),
    to: fc.constantFrom(null, null, family === 4 ? '10.0.0.0/8' : 'fd00::/8'),
    iif: fc.constantFrom(null, null, 'eth0'),
    oif: fc.constant(null),
    table: tables,
    rest: fc.constantFrom('', '', 'fwmark 0x1'),
  });
  const someRoute = fc.record({
    table: tables,
    destination: fc.constantFrom(...destinations),
    via: fc.constantFrom(null, ...vias),
    dev: fc.constantFrom('eth0', 'eth1', 'tun0'),
    scope: fc.constantFrom(null, ...(family === 4 ? ['link'] : [])),
    src: fc.constantFrom(...sources),
    metric: fc.constantFrom(null, null, 7),
    rest: fc.constant(''),
  });
  const desired = desiredRouting(domU, family);
  return fc
    .record({
      keptRules: fc.shuffledSubarray([...desired.rules]),
      otherRules: fc.uniqueArray(someRule, { selector: JSON.stringify }),
      keptRoutes: fc.shuffledSubarray([...desired.routes]),
      otherRoutes: fc.uniqueArray(someRoute, { selector: JSON.stringify }),
      present: fc.subarray([...desired.addresses]),
      former: fc.subarray([...formerAddresses]),
      hasBridge: fc.boolean(),
      remembers: fc.boolean(),
      order: fc.infiniteStream(fc.nat()),
    })
    .map((drawn) => {
      const shuffled = <T>(list: readonly T[]): readonly T[] =>
        list
          .map((item) => ({ item, key: drawn.order.next().value }))
          .toSorted((a, b) => a.key - b.key)
          .map(({ item }) => item);
      const unique = <T>(list: readonly T[]): readonly T[] => [
        ...new Map(list.map((each) => [JSON.stringify(each), each])).values(),
      ];
      const [place, address] = [domU.vifs.at(-1), drawn.former];
      const own = domU.vifs.map(({ iface, mac: macOfVif }) => ({
        ...link(iface, macOfVif, iface === place?.iface ? address : []),
      }));
      const bridge = link('br0', mac(9), [foreign.foreignAddress]);
      const bridgeRoute = route(254, foreign.foreignNetwork, {
        dev: 'br0',
        rest: 'proto kernel',
        ...(family === 4 ? { scope: 'link', src: '10.66.0.1' } : { metric: 256 }),
      });
      const owned = {
        tables: [formerTable],
        addresses: drawn.former.flatMap((each) => {
          const [ip = '', prefix] = each.split('/');
          return place === undefined ? [] : [{ mac: place.mac, ip, prefix: Number(prefix) }];
        }),
      };
      const state = {
        interfaces: [
          ...own.map((each) => ({
            ...each,
            addresses: shuffled([
              ...each.addresses,
              ...drawn.present.filter(({ iface }) => iface === each.name),
            ]).map(({ ip, prefix }) => ({ ip, prefix })),
          })),
          ...(drawn.hasBridge ? [bridge] : []),
        ],
        rules: byPriority([
          ...kernelRules,
          ...shuffled(unique([...drawn.keptRules, ...drawn.otherRules])),
        ]),
        // the kernel has the better ones of a destination first
        routes: shuffled(
          unique([
            ...drawn.keptRoutes,
            ...drawn.otherRoutes,
            ...(drawn.hasBridge ? [bridgeRoute] : []),
          ]),
        ).toSorted((a, b) => (a.metric ?? 0) - (b.metric ?? 0)),
      };
      return { state, owned: drawn.remembers ? owned : nothingOwned };
    });
}
