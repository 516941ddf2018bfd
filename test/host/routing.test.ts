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
