import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Change, change, type RoutingOperation } from '../../src/host/change.ts';
import { query, type Route, type Rule } from '../../src/host/query.ts';
import { HostState } from '../../src/host/state.ts';
import { runs } from '../runs.ts';
import { aRoute, aRule, byText, inNetwork, links } from './networks.ts';
import { describeShells, isRoot, temporaryDirectory } from './shells.ts';

if (!isRoot) process.stderr.write('skipped: routing needs root\n');

const tables = [16, 17, 254];
const rule = fc.record({
  priority: fc.integer({ min: 1000, max: 1009 }),
  from: fc.constantFrom('all', '10.0.0.1/32', '10.0.0.0/24'),
  to: fc.constantFrom(null, null, '192.0.2.0/24'),
  iif: fc.constantFrom(null, null, 'eth0', 'gone0'),
  oif: fc.constantFrom(null, null, 'eth1'),
  table: fc.constantFrom(...tables),
  rest: fc.constantFrom('', '', 'fwmark 0x1', 'not', 'not tos 0x10 fwmark 0x2/0xf proto static'),
});

const plainRoute = fc
  .record({
    destination: fc.constantFrom('0.0.0.0/0', '10.7.0.0/24', '10.8.0.1/32', '10.6.0.0/24'),
    hop: fc.constantFrom(
      { via: '10.0.0.254', dev: 'eth0', scope: null },
      { via: '10.0.1.254', dev: 'eth1', scope: null },
      { via: null, dev: 'eth2', scope: 'link' },
    ),
    src: fc.constantFrom(null, null, '10.0.0.1'),
    rest: fc.constantFrom('', '', 'proto static', 'proto static mtu 1400'),
  })
  .map(({ hop, ...route }) => ({ ...route, ...hop }));
const otherRoute = fc
  .constantFrom(
    'blackhole',
    'unreachable',
    'proto static nexthop via 10.0.0.2 dev eth0 weight 1 nexthop via 10.0.1.2 dev eth1 weight 2',
  )
  .map((rest) => ({
    destination: '10.9.0.0/24',
    via: null,
    dev: null,
    scope: null,
    src: null,
    rest,
  }));
const route = fc
  .record({
    route: fc.oneof({ weight: 3, arbitrary: plainRoute }, otherRoute),
    table: fc.constantFrom(...tables),
    metric: fc.constantFrom(null, null, 5),
  })
  .map(({ route: one, ...others }): Route => ({ ...one, ...others }));

const address = fc.record({
  iface: fc.constantFrom('eth0', 'eth2', 'eth3'),
  ip: fc
    .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 2, max: 250 }))
    .map(([net, host]) => `10.0.${net}.${host}`),
  prefix: fc.constantFrom(24, 24, 26, 32),
});

/** What to do next; which of the entries to delete, as they are known only then. */
const step = fc.oneof(
  rule.map((one) => ({ kind: 'add rule', rule: one }) as const),
  route.map((one) => ({ kind: 'replace route', route: one }) as const),
  address.map((one) => ({ kind: 'add address', address: one }) as const),
  fc.nat().map((choice) => ({ kind: 'delete rule', choice }) as const),
  fc.nat().map((choice) => ({ kind: 'delete route', choice }) as const),
);

interface Network {
  readonly interfaces: readonly { readonly addresses: readonly { readonly ip: string }[] }[];
  readonly rules: readonly Rule[];
  readonly routes: readonly Route[];
}

/** The operation, if it makes sense for this network: planners know what is there. */
function operationOf(
  next: typeof step extends fc.Arbitrary<infer Step> ? Step : never,
  network: Network,
): RoutingOperation | null {
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
      const isTaken = network.interfaces.some(({ addresses }) =>
        addresses.some(({ ip }) => ip === next.address.ip),
      );
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
  }
}

/** Of each interface, in any order: the kernel lists the first of each network before the others. */
const addresses = ({ interfaces }: Network) => interfaces.map((one) => byText(one.addresses));

const queries = [query.interfaces(), query.rules(4), query.routes(4)] as const;

function networkOf(state: HostState): Network {
  const answer = (index: 0 | 1 | 2) => {
    const observation = state.get(queries[index]);
    if (observation === undefined || !('answer' in observation)) throw new Error('not observed');
    return observation.answer;
  };
  const [interfaces, seenRules, seenRoutes] = [answer(0), answer(1), answer(2)] as never as [
    Network['interfaces'],
    { entries: readonly Rule[] },
    { entries: readonly Route[] },
  ];
  return { interfaces, rules: seenRules.entries, routes: seenRoutes.entries };
}

const routingChange = (state: HostState, operations: readonly RoutingOperation[]): Change[] => {
  const listing = (index: 1 | 2) => {
    const observation = state.get(queries[index]);
    return (
      observation !== undefined && 'answer' in observation ? observation.answer : null
    ) as never;
  };
  return [...change.routing(4, operations, { rules: listing(1), routes: listing(2) })];
};

describe.runIf(isRoot)('xp_routing', () => {
  describeShells('', (shell) => {
    const tool = shell.isBusybox
      ? { ...shell, path: `${temporaryDirectory()}:${shell.path}` }
      : shell;

    test.skipIf(shell.isBusybox)('leaves the network as it was predicted', async () => {
      await using running = inNetwork(tool, links);
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
          const observed = new HostState(await running.observe(queries));
          const operations: RoutingOperation[] = [];
          let predicted = observed;
          for (const next of steps) {
            const operation = operationOf(next, networkOf(predicted));
            if (operation === null) continue;
            operations.push(operation);
            predicted = observed.after(routingChange(observed, operations)[0]!);
          }

          const results = await running.act(...routingChange(observed, operations));

          const network = networkOf(new HostState(await running.observe(queries)));
          const expected = networkOf(predicted);
          expect(results).toEqual(operations.length === 0 ? [] : [{ status: 0, body: '' }]);
          expect(network.rules).toEqual(expected.rules);
          expect(byText(network.routes)).toEqual(byText(expected.routes));
          expect(addresses(network)).toEqual(addresses(expected));
        }),
        { numRuns: runs(20) },
      );
    });

    test('does what busybox can do too', async () => {
      await using running = inNetwork(shell, links);
      const operations: RoutingOperation[] = [
        { verb: 'add', object: 'address', iface: 'eth2', ip: '10.0.2.1', prefix: 24 },
        {
          ...{ verb: 'replace', object: 'route' },
          route: { ...aRoute, table: 16, destination: '0.0.0.0/0', via: '10.0.2.254', dev: 'eth2' },
        },
        {
          ...{ verb: 'add', object: 'rule' },
          rule: { ...aRule, priority: 1000, from: '10.0.2.1/32', table: 16 },
        },
      ];
      const observed = new HostState(await running.observe(queries));
      const plan = routingChange(observed, operations);

      expect(await running.act(...plan)).toEqual([{ status: 0, body: '' }]);

      const network = networkOf(new HostState(await running.observe(queries)));
      const expected = networkOf(observed.after(plan[0]!));
      expect(network.rules).toEqual(expected.rules);
      const plain = (one: Route) => ({ ...one, rest: '' }); // busybox does not tell the protocol
      expect(byText(network.routes.map(plain))).toEqual(byText(expected.routes.map(plain)));
    });

    test('refuses a network that has moved', async () => {
      await using running = inNetwork(shell, links);
      const one = { ...aRule, priority: 1000, table: 16 };
      const add: RoutingOperation = { verb: 'add', object: 'rule', rule: one };
      for (const move of [
        'ip rule add from 10.0.0.9 priority 7 table 7',
        'ip route add 10.7.0.0/24 dev eth0',
      ]) {
        const plan = routingChange(new HostState(await running.observe(queries)), [add]);
        await running.call(`PATH=/sbin:/bin ${move}`);

        expect(await running.act(...plan)).toMatchObject([{ status: 75 }]);
        expect((await running.look(query.rules(4))).entries).not.toContainEqual(one);
      }
    });

    test('stops at the operation that fails, and says which', async () => {
      await using running = inNetwork(shell, links);
      const bad = {
        ...aRoute,
        table: 16,
        destination: '10.7.0.0/24',
        via: '192.0.2.1',
        dev: 'eth0',
      };
      const rules = [1000, 1001].map((priority) => ({ ...aRule, priority, table: 16 }));
      const operations: RoutingOperation[] = [
        { verb: 'add', object: 'rule', rule: rules[0]! },
        { verb: 'replace', object: 'route', route: bad },
        { verb: 'add', object: 'rule', rule: rules[1]! },
      ];

      const [result] = await running.act(
        ...routingChange(new HostState(await running.observe(queries)), operations),
      );

      expect(result?.status).toBe(1);
      expect(result?.body).toMatch(
        /failed: ip -4 route replace 10\.7\.0\.0\/24 via 192\.0\.2\.1 dev eth0 table 16\n$/,
      );
      const { entries } = await running.look(query.rules(4));
      expect(entries).toContainEqual(rules[0]);
      expect(entries).not.toContainEqual(rules[1]);
    });

    test.skipIf(shell.isBusybox)('takes names of interfaces as they are', async () => {
      const names = ['e*', 'ü0', '-n', "a'b", '$x', '[e]'];
      const add = names.map(
        (name, index) =>
          `ip link add name '${name.replaceAll("'", "'\\''")}' type veth peer name q${index}`,
      );
      await using running = inNetwork(tool, `${links}\n${add.join('\n')}`);
      const operations = names.map((iface, index): RoutingOperation => {
        return { verb: 'add', object: 'address', iface, ip: `10.0.9.${index}`, prefix: 32 };
      });

      const results = await running.act(
        ...routingChange(new HostState(await running.observe(queries)), operations),
      );

      expect(results).toEqual([{ status: 0, body: '' }]);
      const interfaces = await running.look(query.interfaces());
      expect(
        names.map((name) => interfaces.find((one) => one.name === name)?.addresses[0]?.ip),
      ).toEqual(operations.map((one) => ('ip' in one ? one.ip : null)));
    });
  });
});
