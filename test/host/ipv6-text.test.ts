import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseInterfaces } from '../../src/host/interfaces-text.ts';
import { query } from '../../src/host/query.ts';
import { parseRoutes } from '../../src/host/routes-text.ts';
import { aRoute, aRule, byText, inNetwork, links6 } from './networks.ts';
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

if (!isRoot) process.stderr.write('skipped: IPv6 needs root\n');

const script = `${links6}
  ip -6 rule add from 2001:db8::1 priority 1000 table 16
  ip -6 rule add not from 2001:db8::/64 to 2001:db8:5::/48 iif eth0 priority 1001 table 17
  ip -6 rule add from all priority 1002 unreachable
  ip -6 route add default via fe80::fcff:ffff:feff:ffff dev eth0 onlink table 16
  ip -6 route add 2001:db8:7::/64 dev eth1 table 16 src 2001:db8::1 proto static metric 5
  ip -6 route add blackhole 2001:db8:8::/48
  ip -6 route add 2001:db8:9::1 dev eth1 pref high
  ip -6 route add 2001:db8:a::/48 dev eth1 proto ra metric 1024 expires 1000`;
const routes = [
  {
    ...{ ...aRoute, table: 16, destination: '::/0', dev: 'eth0' },
    ...{ via: 'fe80::fcff:ffff:feff:ffff', rest: 'onlink' },
  },
  {
    ...{ ...aRoute, table: 16, destination: '2001:db8:7::/64', dev: 'eth1', metric: 5 },
    ...{ src: '2001:db8::1', rest: 'proto static' },
  },
  { ...aRoute, destination: '2001:db8:8::/48', dev: 'lo', rest: 'blackhole' },
  { ...aRoute, destination: '2001:db8:9::1/128', dev: 'eth1', rest: 'pref high' },
  { ...aRoute, destination: '2001:db8:a::/48', dev: 'eth1', rest: 'proto ra' },
  ...['', ':1'].map((net, index) => ({
    ...{ ...aRoute, destination: `2001:db8${net}::/64`, dev: `eth${index}` },
    ...{ metric: 256, rest: 'proto kernel' },
  })),
];
const rules = [
  { ...aRule, priority: 0, table: 255 },
  { ...aRule, priority: 1000, from: '2001:db8::1/128', table: 16 },
  {
    ...{ ...aRule, priority: 1001, from: '2001:db8::/64', to: '2001:db8:5::/48' },
    ...{ iif: 'eth0', table: 17, rest: 'not' },
  },
  { ...aRule, priority: 1002, table: 0, rest: 'unreachable' },
  { ...aRule, priority: 32_766 },
];

/** An `ip` from before -N. */
function oldIp(): Shell {
  const tools = temporaryDirectory();
  const text = `#!/bin/sh\ncase " $* " in *" -N "*) echo 'Option "-N" is unknown' >&2; exit 255 ;; esac\nexec /sbin/ip "$@"\n`;
  writeFileSync(join(tools, 'ip'), text, { mode: 0o755 });
  return { ...dash, name: 'an old ip', path: `${tools}:${fullPath}` };
}

describe.runIf(isRoot)('what ip -6 prints', () => {
  test.each([dash, oldIp()])('of rules and routes is understood ($name)', async (shell) => {
    await using running = inNetwork(shell, script);

    expect((await running.look(query.rules(6))).entries).toEqual(rules);
    expect(byText((await running.look(query.routes(6))).entries)).toEqual(byText(routes));
  });

  test("of busybox's ip what it tells is understood", async () => {
    await using running = inNetwork(busybox, script);

    const seen = (await running.look(query.rules(6))).entries;
    expect(seen.map(({ rest: _, to: __, ...one }) => one)).toEqual(
      rules.map(({ rest: _, to: __, ...one }) => one),
    );
    const { entries } = await running.look(query.routes(6));
    expect(byText(entries.map(({ rest: _, ...one }) => one))).toEqual(
      byText(routes.map(({ rest: _, ...one }) => one)),
    );
  });

  test.each([dash, oldIp(), busybox])('is the same while a route ages ($name)', async (shell) => {
    await using running = inNetwork(shell, script);
    const before = await running.look(query.routes(6));
    await running.call(
      'PATH=/sbin:/bin ip -6 route replace 2001:db8:a::/48 dev eth1 proto ra expires 777',
    );

    expect(await running.look(query.routes(6))).toEqual(before);
  });

  test.each([dash, busybox])('of addresses is understood ($name)', async (shell) => {
    await using running = inNetwork(
      shell,
      `${links6}
       ip addr add 2001:db8::5/128 nodad dev eth0
       ip addr add fd00::5/64 nodad preferred_lft 0 dev eth0
       ip addr add fec0::5/64 nodad dev eth0
       ip addr add 2001:db8:3::5/64 dev eth3 valid_lft 1000 preferred_lft 500`,
    );

    const interfaces = await running.look(query.interfaces());
    const named = (name: string) =>
      byText(interfaces.find((one) => one.name === name)?.addresses ?? []);

    expect(named('lo')).toEqual(byText([{ ip: '127.0.0.1', prefix: 8 }]));
    expect(named('eth0')).toEqual(
      byText([
        { ip: '10.0.0.1', prefix: 24 },
        { ip: '2001:db8::1', prefix: 64 },
        { ip: '2001:db8::5', prefix: 128 },
        { ip: 'fd00::5', prefix: 64 },
      ]),
    );
    expect(named('eth3')).toEqual(byText([{ ip: '2001:db8:3::5', prefix: 64 }]));
  });
});

describe('parseInterfaces', () => {
  test('leaves out what the kernel makes up and throws away', () => {
    const [only] = parseInterfaces(`2: eth0: <UP> mtu 1500
    inet6 2001:db8::a/64 scope global temporary dynamic
       valid_lft 86000sec preferred_lft 14000sec
    inet6 2001:db8::b/64 scope global secondary dynamic
    inet6 2001:db8::c/64 scope global tentative dadfailed
    inet6 2001:db8::d/64 scope global deprecated mngtmpaddr
    inet6 2001:db8::e peer 2001:db8::f/128 scope global
    inet6 fe80::1/64 scope link
`);

    expect(only?.addresses).toEqual([
      { ip: '2001:db8::c', prefix: 64 },
      { ip: '2001:db8::d', prefix: 64 },
      { ip: '2001:db8::e', prefix: 128 },
    ]);
  });
});

describe('parseRoutes', () => {
  test('leaves out what is the kernel of older ones alone', () => {
    const text = `2001:db8::/64 dev eth0  proto kernel  metric 256  expires 2591984sec mtu 1500 advmss 1440 hoplimit 0
fe80::/64 dev eth0  proto kernel  metric 256  mtu 1500
default via fe80::1 dev eth0  proto ra  metric 1024  expires 1784sec hoplimit 64 pref medium
unreachable default dev lo  table unspec  proto kernel  metric 4294967295  error -101 hoplimit 255
unreachable 2001:db8:5::/48 dev lo  metric 1024  error -113
2001:db8::7 via 2001:db8::7 dev eth0  metric 0  cache
local ::1 via :: dev lo  table local  proto none  metric 0
ff00::/8 dev eth0  table local  metric 256
`;

    expect(parseRoutes(text, 6)).toEqual([
      {
        ...{ ...aRoute, destination: '2001:db8::/64', dev: 'eth0', metric: 256 },
        rest: 'proto kernel mtu 1500 advmss 1440 hoplimit 0',
      },
      {
        ...{ ...aRoute, destination: '::/0', via: 'fe80::1', dev: 'eth0' },
        rest: 'proto ra hoplimit 64',
      },
      { ...aRoute, destination: '2001:db8:5::/48', dev: 'lo', rest: 'unreachable' },
    ]);
  });
});

describeShells('a kernel without IPv6', (shell) => {
  const nothing = { entries: [] };

  test.runIf(isRoot)('has nothing to list', async () => {
    await using running = new RunningShell(shell, {
      wrapper: unshared('-nm', 'mount -t tmpfs none /proc; mkdir /proc/net'),
    });

    expect(await running.look(query.rules(6))).toMatchObject(nothing);
    expect(await running.look(query.routes(6))).toMatchObject(nothing);
    expect(await running.look(query.proxies())).toEqual([]);
  });

  test('or without its policy rules has none', async () => {
    const tools = temporaryDirectory();
    const text =
      '#!/bin/sh\necho "RTNETLINK answers: Address family not supported by protocol" >&2\nexit 2\n';
    writeFileSync(join(tools, 'ip'), text, { mode: 0o755 });
    await using running = new RunningShell({ ...shell, path: `${tools}:${shell.path}` });
    await running.observe([]);
    running.send(`ip() { '${tools}/ip' "$@"; }\n`); // busybox runs its own otherwise

    expect(await running.look(query.rules(6))).toMatchObject(nothing);
    await expect(running.look(query.rules(4))).rejects.toThrow("'ip' could not list the rules");
  });
});

describeShells('query.proxies', (shell) => {
  test.runIf(isRoot)('lists the addresses that others are answered for', async () => {
    await using running = inNetwork(
      { ...shell, path: fullPath },
      `${links6}
       ip -6 neigh add proxy 2001:db8::9 dev eth0
       ip -6 neigh add proxy 2001:db8::a dev eth1
       ip neigh add proxy 10.0.0.9 dev eth0`,
    );

    const listed = await running.look(query.proxies());
    if (shell.isBusybox) {
      expect(listed).toBeNull();
    } else {
      expect(byText(listed ?? [])).toEqual(
        byText([
          { ip: '2001:db8::9', dev: 'eth0' },
          { ip: '2001:db8::a', dev: 'eth1' },
        ]),
      );
    }
  });
});
