import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Route, Rule } from '../../src/host/query.ts';
import type { DomU } from '../../src/inventory/model.ts';
import { desiredRouting } from '../../src/xen/routing.ts';
import type { ObservedRouting } from '../../src/xen/routing-plan.ts';
import { planRouting } from '../../src/xen/routing-plan.ts';
import { runs } from '../runs.ts';
import { guest, lan, mail, storage, vif, webserv } from './fleet.ts';
import { simulate } from './kernel-model.ts';
import { hasNamespaces, Namespace } from './namespace.ts';

fc.configureGlobal({ numRuns: runs() });

const mixed = guest('mixed', [
  vif(0, lan, ['192.168.0.5', '192.168.0.6']),
  vif(1, lan, ['192.168.0.7']),
  vif(2, storage, ['10.8.0.5']),
]);

const kernelRules: readonly Rule[] = [
  rule(0, 'all', 255),
  rule(32766, 'all', 254),
  rule(32767, 'all', 253),
];

function rule(priority: number, from: string, table: number, more: Partial<Rule> = {}): Rule {
  return { priority, from, to: null, iif: null, oif: null, table, rest: '', ...more };
}

function route(table: number, destination: string, more: Partial<Route>): Route {
  return {
    table,
    destination,
    via: null,
    dev: null,
    scope: null,
    src: null,
    metric: null,
    rest: '',
    ...more,
  };
}

/** A host as it should be. */
function converged(domU: DomU): ObservedRouting {
  const desired = desiredRouting(domU);
  return {
    interfaces: domU.vifs.map((each) => ({
      name: each.iface,
      mac: each.mac,
      isUp: true,
      addresses: each.ips.map((ip) => ({ ip, prefix: each.ipv4?.prefix ?? 32 })),
    })),
    rules: [...kernelRules, ...desired.rules].toSorted((a, b) => a.priority - b.priority),
    routes: desired.routes,
  };
}

const isForeignRule = (each: Rule): boolean => each.table > 18;
const isForeignRoute = (each: Route): boolean =>
  each.table > 18 && !(each.table === 254 && each.dev?.startsWith('eth'));

const tables = fc.constantFrom(16, 17, 18, 100, 254);
const someRule = fc.record({
  priority: fc.constantFrom(500, 1000, 1001, 1016, 1032, 1500, 32765),
  from: fc.constantFrom('all', '192.168.0.5/32', '192.168.0.7/32', '192.168.0.0/24'),
  to: fc.constantFrom(null, null, '0.0.0.0/32', '10.0.0.0/8'),
  iif: fc.constantFrom(null, null, 'eth0'),
  oif: fc.constant(null),
  table: tables,
  rest: fc.constantFrom('', '', 'fwmark 0x1'),
});
const someRoute = fc.record({
  table: tables,
  destination: fc.constantFrom('0.0.0.0/0', '192.168.0.0/24', '10.8.0.0/16', '172.16.0.0/12'),
  via: fc.constantFrom(null, '192.168.0.1', '192.168.0.9'),
  dev: fc.constantFrom('eth0', 'eth1', 'tun0'),
  scope: fc.constantFrom(null, 'link'),
  src: fc.constantFrom(null, '192.168.0.5', '192.168.0.7'),
  metric: fc.constantFrom(null, null, 7),
  rest: fc.constant(''),
});

/** Anything that a host may hold: parts of what it should, in any order, among leftovers and foreigners. */
const someState: fc.Arbitrary<ObservedRouting> = fc
  .tuple(
    fc.shuffledSubarray([...desiredRouting(mixed).rules]),
    fc.uniqueArray(someRule, { selector: (each) => JSON.stringify(each) }),
    fc.shuffledSubarray([...desiredRouting(mixed).routes]),
    fc.uniqueArray(someRoute, { selector: (each) => JSON.stringify(each) }),
    fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    fc.infiniteStream(fc.nat()),
  )
  .map(([kept, otherRules, keptRoutes, otherRoutes, hasAddresses, order]) => {
    const shuffled = <T>(list: readonly T[]): readonly T[] =>
      list
        .map((item) => ({ item, key: order.next().value }))
        .toSorted((a, b) => a.key - b.key)
        .map(({ item }) => item);
    const unique = <T>(list: readonly T[]): readonly T[] => [
      ...new Map(list.map((each) => [JSON.stringify(each), each])).values(),
    ];
    return {
      interfaces: converged(mixed).interfaces.map((each, place) =>
        hasAddresses[place] ? each : { ...each, addresses: [] },
      ),
      rules: [...kernelRules, ...shuffled(unique([...kept, ...otherRules]))].toSorted(
        (a, b) => a.priority - b.priority,
      ),
      routes: shuffled(unique([...keptRoutes, ...otherRoutes])),
    };
  });

const isNew = <T>(item: T, list: readonly T[]): boolean =>
  !list.some((each) => JSON.stringify(each) === JSON.stringify(item));

describe('planRouting', () => {
  test('plans nothing for a guest that is as it should be', () => {
    for (const domU of [webserv, mail, mixed]) {
      expect(planRouting(domU, converged(domU))).toEqual({ operations: [], pending: [] });
    }
  });

  test('brings any state to the desired one, and then plans nothing', () => {
    fc.assert(
      fc.property(someState, (state) => {
        const plan = planRouting(mixed, state);

        const after = simulate(state, plan.operations);

        expect(planRouting(mixed, after).operations).toEqual([]);
        const desired = desiredRouting(mixed);
        expect(after.rules.filter((each) => !isForeignRule(each))).toEqual(desired.rules);
        const ownRoutes = (routes: readonly Route[]) =>
          routes
            .filter((each) => each.table <= 18)
            .map((each) => JSON.stringify(each))
            .toSorted();
        expect(ownRoutes(after.routes)).toEqual(ownRoutes(desired.routes));
      }),
    );
  });

  test('keeps every foreign rule and route', () => {
    fc.assert(
      fc.property(someState, (state) => {
        const after = simulate(state, planRouting(mixed, state).operations);

        expect(after.rules.filter(isForeignRule)).toEqual(state.rules.filter(isForeignRule));
        expect(after.routes.filter(isForeignRoute)).toEqual(state.routes.filter(isForeignRoute));
      }),
    );
  });

  test('adds addresses, then routes, then rules, and removes only after that', () => {
    fc.assert(
      fc.property(someState, (state) => {
        const { operations } = planRouting(mixed, state);

        const ranks = operations.map((operation, place) => {
          // What a delete may have hit is added once more, after it.
          if (!isNew(operation, operations.slice(0, place))) return 3;
          if (operation.object === 'address') return 0;
          const isMain = operation.object === 'route' && operation.route.table === 254;
          if (isMain || (operation.verb === 'replace' && isNew(operation.route, state.routes))) {
            return 1;
          }
          if (operation.object !== 'rule') return 3;
          return operation.verb === 'add' && isNew(operation.rule, state.rules) ? 2 : 3;
        });

        expect(ranks).toEqual(ranks.toSorted());
      }),
    );
  });

  test('leaves out what belongs to an interface that is not there, and says so', () => {
    const full = converged(webserv);
    const without = {
      interfaces: full.interfaces.slice(0, 1),
      rules: kernelRules,
      routes: [],
    };

    const plan = planRouting(webserv, without);

    expect(plan.pending).toEqual([
      'eth1 appears when webserv is next created',
      'eth2 appears when webserv is next created',
    ]);
    expect(plan.operations.filter(({ object }) => object === 'rule')).toEqual([
      { verb: 'add', object: 'rule', rule: rule(1000, '192.168.0.200/32', 16) },
    ]);
    expect(JSON.stringify(plan.operations)).not.toMatch(/"(dev|iface)":"(eth1|eth2|)"/);
  });

  test('waits for an interface that is down, and says what to do', () => {
    const full = converged(mail);
    const [eth0] = full.interfaces;

    const plan = planRouting(mail, {
      interfaces: [{ ...eth0!, isUp: false, addresses: [] }],
      rules: kernelRules,
      routes: [],
    });

    expect(plan).toEqual({
      operations: [],
      pending: ['eth0 is down: its addresses and routes follow in the next run after ifup eth0'],
    });
  });

  test('finds a vif by its MAC when its interface has another name', () => {
    const observed = {
      interfaces: [
        { name: 'eth5', mac: 'de:ad:be:ef:00:00', isUp: true, addresses: [] },
        { name: 'eth0', mac: '00:00:5e:00:53:01', isUp: true, addresses: [] },
      ],
      rules: kernelRules,
      routes: [],
    };

    const plan = planRouting(webserv, observed);

    expect(plan.operations[0]).toEqual({
      verb: 'add',
      object: 'address',
      iface: 'eth5',
      ip: '192.168.0.200',
      prefix: 24,
    });
    expect(plan.pending[0]).toBe(
      'eth5 is to be called eth0 when webserv next starts; if nothing renames it, say "iface: eth5"',
    );
    expect(JSON.stringify(plan.operations)).not.toContain('eth0');
  });

  test('takes the interface with the right name where a VLAN has the same MAC', () => {
    const full = converged(webserv);
    const vlan = { name: 'br0', mac: 'de:ad:be:ef:00:00', isUp: true, addresses: [] };

    expect(
      planRouting(webserv, { ...full, interfaces: [vlan, ...full.interfaces] }).operations,
    ).toEqual([]);
  });

  test('leaves a default route through a foreign interface alone, and says so', () => {
    const full = converged(mail);
    const tunnel = route(254, '0.0.0.0/0', { dev: 'tun0', scope: 'link' });

    const plan = planRouting(mail, { ...full, routes: [tunnel] });

    expect(plan.operations.filter(({ object }) => object === 'route')).toHaveLength(1);
    expect(plan.pending).toEqual([
      'the default route through tun0 stays; 192.168.0.1 is not made default',
    ]);
  });

  test('is content with the kernel’s and DHCP’s own words', () => {
    const full = converged(mail);
    const [connected, first] = full.routes;

    const plan = planRouting(mail, {
      ...full,
      routes: [
        { ...connected!, rest: 'proto kernel' },
        { ...first!, rest: 'proto dhcp onlink', metric: 100 },
      ],
    });

    expect(plan.operations).toEqual([]);
  });
});

/** The source document's second script, with the numbers of its tables. */
const documentScript = `
  ip route del default via 192.168.0.1
  for i in 0 1 2; do
    ip route add 192.168.0.0/24 dev eth$i table 1$((6 + i))
    ip route add 192.168.0.0/24 dev eth$i src 192.168.0.20$i
    ip route add default via 192.168.0.1 table 1$((6 + i))
    ip rule add from 192.168.0.20$i table 1$((6 + i))
    ip rule add to 0.0.0.0 dev eth$i table 1$((6 + i))
    ip route del 192.168.0.0/24 dev eth$i src 192.168.0.20$i
  done
  ip route add 192.168.0.0/24 dev eth0 src 192.168.0.200
  ip route add default via 192.168.0.1
  ip route del 192.168.0.0/24 dev eth0 src 192.168.0.200
`;

describe.runIf(hasNamespaces)('planRouting, on a real kernel', () => {
  const macs = webserv.vifs.map((each) => each.mac);
  const addresses = [0, 1, 2]
    .map((place) => `ip addr add 192.168.0.20${place}/24 dev eth${place}`)
    .join('\n');

  function reaches(namespace: Namespace, domU: DomU): ObservedRouting {
    namespace.apply(planRouting(domU, namespace.observe()).operations);
    const after = namespace.observe();

    expect(planRouting(domU, after)).toEqual({ operations: [], pending: [] });
    expect(after.rules.filter((each) => each.table <= 18)).toEqual(desiredRouting(domU).rules);
    return after;
  }

  test('sets up interfaces that are bare', () => {
    using namespace = new Namespace();
    namespace.addInterfaces(macs);

    reaches(namespace, webserv);

    expect(namespace.run('ip route get 198.51.100.1 from 192.168.0.202')).toContain('dev eth2');
    expect(namespace.run('ip route get 198.51.100.1')).toContain('via 192.168.0.1 dev eth0');
  });

  test.each([1, 2])('cleans up after %i runs of the source document’s script', (runs) => {
    using namespace = new Namespace();
    namespace.addInterfaces(macs);
    namespace.run(`${addresses}\nip route add default via 192.168.0.1 dev eth0`);
    namespace.run(`set +e\n${documentScript.repeat(runs)}\ntrue`);
    expect(namespace.observe().rules.filter((each) => each.table === 16)).toHaveLength(2 * runs);

    const after = reaches(namespace, webserv);

    expect(after.rules).toHaveLength(6);
    expect(namespace.run('ip route get 198.51.100.1 from 192.168.0.201')).toContain('dev eth1');
    expect(namespace.run('ip route get 192.168.0.7')).toContain('dev eth0 src 192.168.0.200');
  });

  test('fills tables again that a bounced link has emptied', () => {
    using namespace = new Namespace();
    namespace.addInterfaces(macs);
    reaches(namespace, webserv);
    namespace.run('ip link set eth1 down; ip link set eth1 up');
    expect(namespace.observe().routes.filter((each) => each.table === 17)).toEqual([]);

    reaches(namespace, webserv);

    expect(namespace.run('ip route get 198.51.100.1 from 192.168.0.201')).toContain('dev eth1');
  });

  test('agrees with the kernel about which of several alike rules and routes a delete takes', () => {
    using namespace = new Namespace();
    namespace.addInterfaces(macs);
    namespace.run(`
      ${addresses}
      ip rule add pref 1000 from all lookup 16
      ip rule add pref 1000 from 192.168.0.200 lookup 16
      ip rule add pref 1000 from 192.168.0.0/24 iif lo lookup 16
      ip rule add pref 1000 from 192.168.0.200 iif lo lookup 16
      ip route add 192.168.0.0/24 dev eth0 scope link src 192.168.0.200 table 16
      ip route append 192.168.0.0/24 dev eth0 scope link table 16
      ip route append default via 192.168.0.1 dev eth2 table 16
      ip route add 10.0.0.0/8 via 192.168.0.1 dev eth0 table 16 metric 5
      ip rule add pref 900 from 192.168.0.200 lookup 100
      ip route add default via 192.168.0.9 dev eth1 table 100
    `);

    const after = reaches(namespace, webserv);

    expect(after.rules.filter((each) => each.table === 100)).toHaveLength(1);
    expect(after.routes.filter((each) => each.table === 100)).toHaveLength(1);
  });
});
