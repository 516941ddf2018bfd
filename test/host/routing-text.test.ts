import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { query, type Route, type Rule } from '../../src/host/query.ts';
import { aRoute, aRule, byText, inNetwork, links } from './networks.ts';
import {
  busybox,
  dash,
  fullPath,
  isRoot,
  RunningShell,
  type Shell,
  temporaryDirectory,
} from './shells.ts';

if (!isRoot) process.stderr.write('skipped: routing needs root\n');

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

    expect((await running.look(query.rules(4))).entries).toEqual(rules);
    expect(byText((await running.look(query.routes(4))).entries)).toEqual(byText(routes));
  });

  test("of busybox's ip what it tells is understood", async () => {
    await using running = inNetwork(busybox, `${links}${addRules}${addRoutes}`);

    const seenRules = (await running.look(query.rules(4))).entries;
    const seenRoutes = (await running.look(query.routes(4))).entries;

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
        { ip: '2001:db8::1', prefix: 64 },
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

    await expect(missing.look(query.rules(4))).rejects.toThrow(
      'the host has no ip, which xpush needs to list addresses, routes and rules; install iproute2',
    );

    writeFileSync(join(tools, 'ip'), '#!/bin/sh\nexit 2\n', { mode: 0o755 });

    await expect(missing.look(query.interfaces())).rejects.toThrow(
      "'ip' could not list the interfaces (status 2)",
    );
  });
});
