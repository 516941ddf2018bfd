import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RoutingOperation } from '../../src/host/change.ts';
import { query, type Route } from '../../src/host/query.ts';
import { HostState } from '../../src/host/state.ts';
import { runs } from '../runs.ts';
import { aRoute, aRule, byText, inNetwork, links, links6 } from './networks.ts';
import {
  type Network,
  networkOf,
  operationOf,
  queriesOf,
  routingChange,
  stepOf,
} from './routing-steps.ts';
import { describeShells, isRoot, temporaryDirectory } from './shells.ts';

if (!isRoot) process.stderr.write('skipped: routing needs root\n');

/** Of each interface, in any order: the kernel lists the first of each network before the others. */
const addresses = ({ interfaces }: Network) => interfaces.map((one) => byText(one.addresses));

describe.runIf(isRoot)('xp_routing', () => {
  describeShells('', (shell) => {
    const tool = shell.isBusybox
      ? { ...shell, path: `${temporaryDirectory()}:${shell.path}` }
      : shell;

    test.skipIf(shell.isBusybox).each([4, 6] as const)(
      'leaves the network as it was predicted (IPv%i)',
      async (family) => {
        await using running = inNetwork(tool, family === 4 ? links : links6);
        const queries = queriesOf(family);
        await fc.assert(
          fc.asyncProperty(
            fc.array(stepOf(family), { minLength: 1, maxLength: 12 }),
            async (steps) => {
              const observed = new HostState(await running.observe(queries));
              const operations: RoutingOperation[] = [];
              let predicted = observed;
              for (const next of steps) {
                const operation = operationOf(next, family, networkOf(predicted, family));
                if (operation === null) continue;
                operations.push(operation);
                predicted = observed.after(routingChange(family, observed, operations)[0]!);
              }

              const results = await running.act(...routingChange(family, observed, operations));

              const network = networkOf(new HostState(await running.observe(queries)), family);
              const expected = networkOf(predicted, family);
              expect(results).toEqual(operations.length === 0 ? [] : [{ status: 0, body: '' }]);
              expect(network.rules).toEqual(expected.rules);
              expect(byText(network.routes)).toEqual(byText(expected.routes));
              expect(addresses(network)).toEqual(addresses(expected));
            },
          ),
          { numRuns: runs(20) },
        );
      },
    );

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
      const observed = new HostState(await running.observe(queriesOf(4)));
      const plan = routingChange(4, observed, operations);

      expect(await running.act(...plan)).toEqual([{ status: 0, body: '' }]);

      const network = networkOf(new HostState(await running.observe(queriesOf(4))), 4);
      const expected = networkOf(observed.after(plan[0]!), 4);
      expect(network.rules).toEqual(expected.rules);
      const plain = (one: Route) => ({ ...one, rest: '' }); // busybox does not tell the protocol
      expect(byText(network.routes.map(plain))).toEqual(byText(expected.routes.map(plain)));
    });

    test('gives an IPv6 address that can be used at once', async () => {
      await using running = inNetwork(shell, links);
      const source = { iface: 'eth2', ip: '2001:db8:2::1', prefix: 64 };
      const route = { ...aRoute, destination: '2001:db8:7::/64', dev: 'eth2', src: source.ip };
      const operations: RoutingOperation[] = [
        { verb: 'add', object: 'address', ...source },
        ...(shell.isBusybox
          ? [] // it knows no sources of IPv6 routes
          : [{ verb: 'replace', object: 'route', route } as const]),
      ];
      const observed = new HostState(await running.observe(queriesOf(6)));

      const results = await running.act(...routingChange(6, observed, operations));
      const { body } = await running.call('ip addr show dev eth2 | grep 2001:');
      const [again] = await running.act(
        ...routingChange(6, new HostState(await running.observe(queriesOf(6))), operations),
      );

      expect(results).toEqual([{ status: 0, body: '' }]);
      expect(body).toMatch(/2001:db8:2::1\/64 scope global (?!.*tentative)/);
      expect(again?.status).not.toBe(0);
      expect(again?.body).toMatch(/(exists|assigned).*failed: ip -6 addr add 2001:db8:2::1/s);
    }, 10_000);

    test.skipIf(shell.isBusybox)('adds and deletes proxy neighbours', async () => {
      await using running = inNetwork(tool, links6);
      const proxy = { object: 'proxy', ip: '2001:db8::9', iface: 'eth0' } as const;
      const other = { object: 'proxy', ip: '2001:db8::a', iface: 'eth1' } as const;
      const queries = [...queriesOf(6), query.proxies()];
      for (const operations of [
        [
          { verb: 'add', ...proxy },
          { verb: 'add', ...other },
        ] as const,
        [{ verb: 'delete', ...proxy }] as const,
      ]) {
        const observed = new HostState(await running.observe(queries));
        const [plan] = routingChange(6, observed, operations);

        expect(await running.act(plan!)).toEqual([{ status: 0, body: '' }]);

        const seen = new HostState(await running.observe(queries)).get(query.proxies());
        expect(seen).toEqual(observed.after(plan!).get(query.proxies()));
      }
      expect(await running.look(query.proxies())).toEqual([{ ip: '2001:db8::a', dev: 'eth1' }]);
    });

    test('keeps the other addresses of a network when its first is deleted', async () => {
      await using running = inNetwork(shell, links);
      const setting = '/proc/sys/net/ipv4/conf/eth0/promote_secondaries';
      await running.call(
        'for n in 2 3; do PATH=/sbin:/bin ip addr add 10.0.0.$n/24 dev eth0; done',
      );
      for (const value of ['0', '1']) {
        await running.call(`echo ${value} >${setting}`);
        const observed = new HostState(await running.observe(queriesOf(4)));
        const [first] = networkOf(observed, 4).interfaces.find(
          ({ name }) => name === 'eth0',
        )!.addresses;
        const [plan] = routingChange(4, observed, [
          { verb: 'delete', object: 'address', iface: 'eth0', ...first! },
        ]);

        expect(await running.act(plan!)).toEqual([{ status: 0, body: '' }]);

        const network = networkOf(new HostState(await running.observe(queriesOf(4))), 4);
        expect(addresses(network)).toEqual(addresses(networkOf(observed.after(plan!), 4)));
        expect((await running.call(`cat ${setting}`)).body.trim()).toBe(value);
      }
    });

    test('refuses a network that has moved', async () => {
      await using running = inNetwork(shell, links);
      const one = { ...aRule, priority: 1000, table: 16 };
      const add: RoutingOperation = { verb: 'add', object: 'rule', rule: one };
      for (const move of [
        'ip rule add from 10.0.0.9 priority 7 table 7',
        'ip route add 10.7.0.0/24 dev eth0',
      ]) {
        const plan = routingChange(4, new HostState(await running.observe(queriesOf(4))), [add]);
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
        ...routingChange(4, new HostState(await running.observe(queriesOf(4))), operations),
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
        ...routingChange(4, new HostState(await running.observe(queriesOf(4))), operations),
      );

      expect(results).toEqual([{ status: 0, body: '' }]);
      const interfaces = await running.look(query.interfaces());
      expect(
        names.map((name) => interfaces.find((one) => one.name === name)?.addresses[0]?.ip),
      ).toEqual(operations.map((one) => ('ip' in one ? one.ip : null)));
    });
  });
});
