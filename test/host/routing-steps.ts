import fc from 'fast-check';
import { type Change, change, type RoutingOperation } from '../../src/host/change.ts';
import {
  type Family,
  type NetworkInterface,
  query,
  type Route,
  type Rule,
} from '../../src/host/query.ts';
import type { HostState } from '../../src/host/state.ts';

/** What the generated rules, routes and addresses of a family are made of. */
interface Words {
  readonly any: string;
  readonly from: readonly string[];
  readonly to: string;
  readonly destinations: readonly string[];
  readonly hops: readonly Pick<Route, 'via' | 'dev' | 'scope'>[];
  /** What is said of each gateway. */
  readonly gateway: string;
  readonly source: string;
  readonly others: readonly Pick<Route, 'dev' | 'rest'>[];
  readonly otherDestination: string;
  readonly address: (net: number, host: number) => string;
  readonly prefixes: readonly number[];
}

const words: Readonly<Record<Family, Words>> = {
  4: {
    any: '0.0.0.0/0',
    from: ['all', '10.0.0.1/32', '10.0.0.0/24'],
    to: '192.0.2.0/24',
    destinations: ['10.7.0.0/24', '10.8.0.1/32', '10.6.0.0/24'],
    hops: [
      { via: '10.0.0.254', dev: 'eth0', scope: null },
      { via: '10.0.1.254', dev: 'eth1', scope: null },
      { via: null, dev: 'eth2', scope: 'link' },
    ],
    gateway: '',
    source: '10.0.0.1',
    others: [
      { dev: null, rest: 'blackhole' },
      { dev: null, rest: 'unreachable' },
      {
        dev: null,
        rest: 'proto static nexthop via 10.0.0.2 dev eth0 weight 1 nexthop via 10.0.1.2 dev eth1 weight 2',
      },
    ],
    otherDestination: '10.9.0.0/24',
    address: (net, host) => `10.0.${net}.${host}`,
    prefixes: [24, 24, 26, 32],
  },
  6: {
    any: '::/0',
    from: ['all', '2001:db8::1/128', '2001:db8::/64'],
    to: '2001:db8:ffff::/48',
    destinations: ['2001:db8:7::/64', '2001:db8:8::1/128', '2001:db8:6::/64'],
    hops: [
      { via: 'fe80::fe', dev: 'eth0', scope: null },
      { via: 'fe80::1', dev: 'eth1', scope: null },
      { via: null, dev: 'eth2', scope: 'link' },
    ],
    // and link-local ones: of others the kernel asks all rules and tables first
    gateway: 'onlink',
    source: '2001:db8::1',
    others: [
      { dev: 'lo', rest: 'blackhole' },
      { dev: null, rest: 'unreachable' },
      {
        dev: null,
        rest: 'proto static nexthop via fe80::2 dev eth0 weight 1 onlink nexthop via fe80::2 dev eth1 weight 2 onlink',
      },
    ],
    otherDestination: '2001:db8:9::/64',
    address: (net, host) => `2001:db8${net === 0 ? '' : `:${net}`}::${host.toString(16)}`,
    prefixes: [64, 64, 66, 128],
  },
};

/** The addresses that routes of the tests need. */
/** Neither the first nor the last of a /26: no other prefix makes it a broadcast address, which the kernel takes as no source. */
const host = fc.integer({ min: 2, max: 250 }).filter((last) => last % 64 !== 0 && last % 64 !== 63);

const kept = ['10.0.0.1', '10.0.1.1', '2001:db8::1', '2001:db8:1::1'];

function ruleOf({ from, to }: Words): fc.Arbitrary<Rule> {
  return fc.record({
    priority: fc.integer({ min: 1000, max: 1009 }),
    from: fc.constantFrom(...from),
    to: fc.constantFrom(null, null, to),
    iif: fc.constantFrom(null, null, 'eth0', 'gone0'),
    oif: fc.constantFrom(null, null, 'eth1'),
    table: fc.constantFrom(16, 17, 254),
    rest: fc.constantFrom('', '', 'fwmark 0x1', 'not', 'not tos 0x10 fwmark 0x2/0xf proto static'),
  });
}

function routeOf(family: Family): fc.Arbitrary<Route> {
  const { any, destinations, hops, gateway, source, others, otherDestination } = words[family];
  const plain = fc
    .record({
      destination: fc.constantFrom(any, ...destinations),
      hop: fc.constantFrom(...hops),
      src: fc.constantFrom(null, null, source),
      rest: fc.constantFrom([], [], ['proto static'], ['proto static', 'mtu 1400']),
    })
    .map(({ hop, rest: [first = '', ...others], ...route }) => {
      const words = [first, hop.via === null ? '' : gateway, ...others];
      return { ...route, ...hop, rest: words.filter((word) => word !== '').join(' ') };
    });
  const other = fc
    .constantFrom(...others)
    .map((one) => ({ destination: otherDestination, via: null, scope: null, src: null, ...one }));
  return fc
    .record({
      route: fc.oneof({ weight: 3, arbitrary: plain }, other),
      table: fc.constantFrom(16, 17, 254),
      metric: fc.constantFrom(null, null, 5),
    })
    .map(({ route, ...rest }): Route => ({ ...route, ...rest }));
}

function addressOf({ address, prefixes }: Words) {
  return fc.record({
    iface: fc.constantFrom('eth0', 'eth2', 'eth3'),
    ip: fc.tuple(fc.integer({ min: 0, max: 3 }), host).map(([net, host]) => address(net, host)),
    prefix: fc.constantFrom(...prefixes),
  });
}

/** What to do next; which of the entries to delete, as they are known only then. */
export function stepOf(family: Family) {
  return fc.oneof(
    ruleOf(words[family]).map((one) => ({ kind: 'add rule', rule: one }) as const),
    routeOf(family).map((one) => ({ kind: 'replace route', route: one }) as const),
    addressOf(words[family]).map((one) => ({ kind: 'add address', address: one }) as const),
    fc.nat().map((choice) => ({ kind: 'delete rule', choice }) as const),
    fc.nat().map((choice) => ({ kind: 'delete route', choice }) as const),
    fc.nat().map((choice) => ({ kind: 'delete address', choice }) as const),
  );
}

type Step = ReturnType<typeof stepOf> extends fc.Arbitrary<infer One> ? One : never;

export interface Network {
  readonly interfaces: readonly NetworkInterface[];
  readonly rules: readonly Rule[];
  readonly routes: readonly Route[];
}

/** The operation, if it makes sense for this network: planners know what is there. */
export function operationOf(next: Step, family: Family, network: Network): RoutingOperation | null {
  const present = network.interfaces.flatMap(({ name: iface, addresses }) =>
    addresses.map((address) => ({ iface, ...address })),
  );
  switch (next.kind) {
    case 'add rule': {
      // the kernel deletes the first rule that fits what is said of it: one a priority and table
      const isTaken = network.rules.some(
        ({ priority, table }) => priority === next.rule.priority && table === next.rule.table,
      );
      return isTaken ? null : { verb: 'add', object: 'rule', rule: next.rule };
    }
    case 'replace route':
      return { verb: 'replace', object: 'route', route: next.route };
    case 'add address': {
      const isTaken = present.some(({ ip }) => ip === next.address.ip);
      return isTaken ? null : { verb: 'add', object: 'address', ...next.address };
    }
    case 'delete rule': {
      const ours = network.rules.filter(({ priority }) => priority >= 1000 && priority < 2000);
      const one = ours[next.choice % ours.length];
      return one === undefined ? null : { verb: 'delete', object: 'rule', rule: one };
    }
    case 'delete route': {
      const ours = network.routes.filter(({ rest }) => rest !== 'proto kernel');
      const one = ours[next.choice % ours.length];
      return one === undefined ? null : { verb: 'delete', object: 'route', route: one };
    }
    case 'delete address': {
      const ours = present.filter(
        ({ iface, ip }) =>
          iface.startsWith('eth') && !kept.includes(ip) && ip.includes(':') === (family === 6),
      );
      const one = ours[next.choice % ours.length];
      return one === undefined ? null : { verb: 'delete', object: 'address', ...one };
    }
  }
}

export const queriesOf = (family: Family) =>
  [query.interfaces(), query.rules(family), query.routes(family)] as const;

export function networkOf(state: HostState, family: Family): Network {
  const [interfaces, rules, routes] = queriesOf(family).map((asked) => {
    const observation = state.get(asked);
    if (observation === undefined || !('answer' in observation)) throw new Error('not observed');
    return observation.answer;
  }) as never as [
    Network['interfaces'],
    { entries: readonly Rule[] },
    { entries: readonly Route[] },
  ];
  return { interfaces, rules: rules.entries, routes: routes.entries };
}

/** The change that does these, from what was observed. */
export function routingChange(
  family: Family,
  state: HostState,
  operations: readonly RoutingOperation[],
): Change[] {
  const [rules, routes] = queriesOf(family)
    .slice(1)
    .map((asked) => {
      const observation = state.get(asked);
      return observation !== undefined && 'answer' in observation ? observation.answer : null;
    }) as never as [never, never];
  return [...change.routing(family, operations, { rules, routes })];
}
