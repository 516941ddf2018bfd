import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Change, change, type RoutingOperation } from '../../src/host/change.ts';
import { query, type Route, type Rule } from '../../src/host/query.ts';
import { HostState } from '../../src/host/state.ts';
import { runs } from '../runs.ts';
import {
  busybox,
  dash,
  describeShells,
  fullPath,
  isRoot,
  RunningShell,
  type Shell,
  temporaryDirectory,
  unshared,
} from './shells.ts';

if (!isRoot) process.stderr.write('skipped: routing needs root\n');

const links = `
  ip link set lo up
  for n in 0 1 2 3; do
    ip link add eth$n address 02:00:00:00:00:0$n type veth peer name p$n
    ip link set p$n up
    ip link set eth$n up
  done
  ip addr add 10.0.0.1/24 brd + dev eth0
  ip addr add 10.0.1.1/24 brd + dev eth1`;

/** A shell in a network of its own. */
function inNetwork(shell: Shell, script: string): RunningShell {
  return new RunningShell(shell, { wrapper: unshared('-nm', script) });
}

const aRule = { from: 'all', to: null, iif: null, oif: null, table: 254, rest: '' };
const aRoute = {
  ...{ table: 254, via: null, dev: null, scope: null, src: null, metric: null },
  rest: '',
};

const addRules = `
  ip rule add from 10.0.0.1 priority 1000 table 16
  ip rule add not from 10.0.0.0/24 fwmark 0x1/0xff iif eth0 oif gone0 priority 1001 table 17
  ip rule add from 1.2.3.4 priority 1002 blackhole
  ip rule add from all to 1.2.3.0/24 priority 1003 goto 1005
  ip rule add from all priority 1004 table main suppress_prefixlength 0
  ip rule add from all tos 0x10 priority 1006 table 252 protocol static
  ip rule add from all priority 1007 unreachable
  ip rule add from all priority 1008 prohibit
  ip rule add from all to 10.3.0.7 priority 1009 table 5`;
const rules: readonly Rule[] = [
  { ...aRule, priority: 0, table: 255 },
  { ...aRule, priority: 1000, from: '10.0.0.1/32', table: 16 },
  {
    ...{ priority: 1001, from: '10.0.0.0/24', to: null, iif: 'eth0', oif: 'gone0', table: 17 },
    rest: 'not fwmark 0x1/0xff',
  },
  { ...aRule, priority: 1002, from: '1.2.3.4/32', table: 0, rest: 'blackhole' },
  { ...aRule, priority: 1003, to: '1.2.3.0/24', table: 0, rest: 'goto 1005' },
  { ...aRule, priority: 1004, rest: 'suppress_prefixlength 0' },
  { ...aRule, priority: 1006, table: 252, rest: 'tos 0x10 proto static' },
  { ...aRule, priority: 1007, table: 0, rest: 'unreachable' },
  { ...aRule, priority: 1008, table: 0, rest: 'prohibit' },
  { ...aRule, priority: 1009, to: '10.3.0.7/32', table: 5 },
  { ...aRule, priority: 32_766 },
  { ...aRule, priority: 32_767, table: 253 },
];

const addRoutes = `
  ip route add 10.7.0.0/24 via 10.0.0.254 table 16 proto static metric 5 mtu 1400 advmss lock 1000
  ip route add default via 192.168.9.9 dev eth0 onlink table 16
  ip route add blackhole 10.8.0.0/16 table 17
  ip route add unreachable default metric 4278198272 table 17
  ip route add 10.6.0.0/24 table 18 proto static nexthop via 10.0.0.2 dev eth0 weight 1 nexthop via 10.0.1.2 dev eth1 weight 2 onlink
  ip route add 10.5.0.0/24 via inet6 fe80::1 dev eth0 table 300
  ip route add 10.4.0.0/24 dev eth0 scope link src 10.0.0.1 initcwnd 10
  ip route add throw 10.3.0.0/24 table 99
  ip route add 10.2.0.1 dev eth1 table 99 scope host
  ip route add 10.1.0.0/16 dev eth3 table 99
  ip -6 route add 2001:db8::/64 dev eth0
  ip link set p3 down`;
const routes: readonly Route[] = [
  {
    ...{ ...aRoute, table: 16, destination: '10.7.0.0/24', via: '10.0.0.254', dev: 'eth0' },
    ...{ metric: 5, rest: 'proto static mtu 1400 advmss lock 1000' },
  },
  {
    ...aRoute,
    table: 16,
    destination: '0.0.0.0/0',
    via: '192.168.9.9',
    dev: 'eth0',
    rest: 'onlink',
  },
  { ...aRoute, table: 17, destination: '10.8.0.0/16', rest: 'blackhole' },
  { ...aRoute, table: 17, destination: '0.0.0.0/0', metric: 4_278_198_272, rest: 'unreachable' },
  {
    ...{ ...aRoute, table: 18, destination: '10.6.0.0/24' },
    rest: 'proto static nexthop via 10.0.0.2 dev eth0 weight 1 nexthop via 10.0.1.2 dev eth1 weight 2 onlink',
  },
  { ...aRoute, table: 300, destination: '10.5.0.0/24', via: 'inet6 fe80::1', dev: 'eth0' },
  {
    ...{ ...aRoute, destination: '10.4.0.0/24', dev: 'eth0', scope: 'link', src: '10.0.0.1' },
    rest: 'initcwnd 10',
  },
  { ...aRoute, table: 99, destination: '10.3.0.0/24', rest: 'throw' },
  { ...aRoute, table: 99, destination: '10.2.0.1/32', dev: 'eth1', scope: 'host' },
  { ...aRoute, table: 99, destination: '10.1.0.0/16', dev: 'eth3', scope: 'link' },
  ...['0', '1'].map((n) => ({
    ...{ ...aRoute, destination: `10.0.${n}.0/24`, dev: `eth${n}`, scope: 'link' },
    ...{ src: `10.0.${n}.1`, rest: 'proto kernel' },
  })),
];

const byText = (entries: readonly object[]) =>
  entries.map((one) => JSON.stringify(Object.entries(one).sort())).sort();

describe.runIf(isRoot)('what ip prints', () => {
  /** An `ip` from before -N. */
  function oldIp(): Shell {
    const tools = temporaryDirectory();
    const script = `#!/bin/sh\ncase " $* " in *" -N "*) echo 'Option "-N" is unknown' >&2; exit 255 ;; esac\nexec /sbin/ip "$@"\n`;
    writeFileSync(join(tools, 'ip'), script, { mode: 0o755 });
    return { ...dash, path: `${tools}:${fullPath}` };
  }

  /** A file of table names, wrong lines among them, in place of the machine's. */
  function tableNames(): string {
    const file = join(temporaryDirectory(), 'rt_tables');
    const lines = [
      '255 local',
      '254\tmain',
      '# 99 no',
      '16 eth0-1',
      '0x11 eth1-1',
      'x y',
      '18',
      '252 #x',
    ];
    writeFileSync(file, `${lines.join('\n')}\n\n300 far # away`);
    return `mount --bind ${file} /etc/iproute2/rt_tables\n`;
  }

  test.each([
    ['numbers', () => dash, ''],
    ['names', oldIp, ''],
    ['names of tables', oldIp, tableNames()],
    ['numbers where tables have names', () => dash, tableNames()],
  ])('is understood when it prints %s', async (_what, shell, script) => {
    await using running = inNetwork(shell(), `${script}${links}${addRules}${addRoutes}`);

    expect((await running.look(query.rules())).entries).toEqual(rules);
    expect(byText((await running.look(query.routes())).entries)).toEqual(byText(routes));
  });

  test("of busybox's ip what it tells is understood", async () => {
    await using running = inNetwork(busybox, `${links}${addRules}${addRoutes}`);

    const seenRules = (await running.look(query.rules())).entries;
    const seenRoutes = (await running.look(query.routes())).entries;

    const told = [0, 1000, 1002, 1004, 1007, 1008, 1009, 32_766, 32_767];
    expect(seenRules.filter(({ priority }) => told.includes(priority))).toEqual(
      rules.filter(({ priority }) => told.includes(priority)),
    );
    expect(seenRules).toHaveLength(rules.length);
    expect(byText(seenRoutes.map(({ rest: _, via: __, ...one }) => one))).toEqual(
      byText(routes.map(({ rest: _, via: __, ...one }) => one)),
    );
  });

  test.each([dash, busybox])('of addresses and links is understood ($name)', async (shell) => {
    await using running = inNetwork(
      shell,
      `${links}
       ip addr add 10.0.0.5/32 dev eth0
       ip addr add 10.0.0.6/24 dev eth0 label eth0:x
       ip addr add 10.9.9.1 peer 10.9.9.2/30 dev eth1
       ip link set eth2 down
       ip link add type dummy 2>/dev/null; ip link add link eth0 name eth0.5 type vlan id 5
       ip addr add 2001:db8::1/64 dev eth0`,
    );

    const interfaces = await running.look(query.interfaces());
    const named = (name: string) => interfaces.find((one) => one.name === name);

    expect(named('lo')).toEqual({
      ...{ name: 'lo', mac: null, isUp: true },
      addresses: [{ ip: '127.0.0.1', prefix: 8 }],
    });
    expect(named('eth0')).toEqual({
      ...{ name: 'eth0', mac: '02:00:00:00:00:00', isUp: true },
      addresses: [
        { ip: '10.0.0.1', prefix: 24 },
        { ip: '10.0.0.5', prefix: 32 },
        { ip: '10.0.0.6', prefix: 24 },
      ],
    });
    expect(named('eth1')?.addresses).toEqual([
      { ip: '10.0.1.1', prefix: 24 },
      { ip: '10.9.9.1', prefix: 30 },
    ]);
    expect(named('eth2')).toMatchObject({ mac: '02:00:00:00:00:02', isUp: false, addresses: [] });
  });

  test('is said in words when it fails', async () => {
    const tools = temporaryDirectory();
    await using missing = new RunningShell({ ...dash, path: '/nowhere' });
    await missing.observe([]);
    missing.send(`PATH=${tools}\n`);
    writeFileSync(join(tools, 'sed'), '#!/bin/sh\n', { mode: 0o755 });

    await expect(missing.look(query.rules())).rejects.toThrow('iproute2 is not installed');

    writeFileSync(join(tools, 'ip'), '#!/bin/sh\nexit 2\n', { mode: 0o755 });

    await expect(missing.look(query.interfaces())).rejects.toThrow(
      "'ip' could not list the interfaces (status 2)",
    );
  });
});

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

const queries = [query.interfaces(), query.rules(), query.routes()] as const;

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
  return [...change.routing(operations, { rules: listing(1), routes: listing(2) })];
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
        expect((await running.look(query.rules())).entries).not.toContainEqual(one);
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
      const { entries } = await running.look(query.rules());
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
