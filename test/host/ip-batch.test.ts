import { describe, expect, test } from 'vitest';
import { batchLine, unbatched } from '../../src/host/ip-batch.ts';
import type { Asked } from '../../src/host/look-part.ts';
import { type Query, type QueryOf, query } from '../../src/host/query.ts';
import { dash, hasTool, isRoot, RunningShell, unshared } from './shells.ts';

const canList = isRoot && hasTool('ip');

const network = `
  ip link set lo up
  ip link add d0 type veth peer name d1
  ip link set d0 up && ip link set d1 up
  ip addr add 10.0.0.1/24 dev d0
  ip addr add 2001:db8::1/64 dev d0 nodad
  ip -6 route add default dev d0
  ip route add default dev d0 table 7
  ip route add unreachable 10.9.0.0/16
  ip route add 10.8.0.0/16 nexthop dev d0 nexthop via 10.0.0.2
  ip -6 route add default via fe80::1 dev d0 table 9
  ip neigh add proxy 2001:db8::9 dev d0
  ip neigh add proxy 10.0.0.9 dev d0
  ip rule add from 10.0.0.1 table 7 pref 5
  ip -6 rule add from 2001:db8::1 table 9 pref 6`;

const all = [
  query.interfaces(),
  query.rules(4),
  query.rules(6),
  query.routes(4),
  query.routes(6),
  query.proxies(),
];

function askedOf(queries: readonly Query[]): Asked {
  return <K extends Query['kind']>(kind: K) =>
    queries.filter((one): one is QueryOf<K> => one.kind === kind);
}

describe.runIf(canList)('batchLine', () => {
  test.each([
    ['a network', network],
    ['a network with nothing', 'true'],
  ])('asks %s in one process what single ones are told', async (_what, script) => {
    await using shell = new RunningShell(dash, { wrapper: unshared('-nm', script) });
    await shell.observe(all); // links settle

    const together = await shell.observe(all);
    const alone = [];
    for (const one of all) alone.push(...(await shell.observe([one])));

    expect([...together]).toEqual(alone);
    expect(together.size).toBe(all.length);
  });

  test('is nothing for a single listing', () => {
    expect(batchLine(askedOf([query.interfaces(), query.rules(6)]))).toBeNull();
    expect(batchLine(askedOf(all))).toMatch(
      /^xp_batch ip\.rules4\.routes4\.routes6\.proxies\.inter/,
    );
  });
});

describe('unbatched', () => {
  const lo = '1: lo: <UP> mtu 1\n    link/loopback 0\n';

  test('tells listings apart, the empty ones too', () => {
    const body = `0:\tfrom all\n${lo}${lo}2: eth0: <UP>\n`;
    const sections = new Map([['ip.rules4.routes6.interfaces', { status: 0, body }]]);

    const found = unbatched(sections);

    expect(found.get('rules4')?.body).toBe('0:\tfrom all\n');
    expect(found.get('routes6')?.body).toBe('\n');
    expect(found.get('interfaces')?.body).toBe('2: eth0: <UP>\n');
  });

  test('knows nothing of what was cut off', () => {
    const sections = new Map([['ip.rules4.routes4.routes6', { status: 0, body: `a\n${lo}b\n` }]]);

    expect([...unbatched(sections).keys()].slice(1)).toEqual(['rules4']);
  });
});
