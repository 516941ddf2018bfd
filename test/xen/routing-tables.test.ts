import { describe, expect, test } from 'vitest';
import { copiesFor, ownershipOf, planDefault, planTables } from '../../src/xen/routing-tables.ts';
import { mail, webserv } from './fleet.ts';
import { route, rule } from './routing-states.ts';

describe('ownershipOf', () => {
  test('has every rule that points at a table of the inventory, whatever its priority', () => {
    const { isOwnRule, tables } = ownershipOf(webserv, [], []);

    expect(isOwnRule(rule(32_765, 'all', 16, { iif: 'eth0' }))).toBe(true);
    expect(isOwnRule(rule(1500, 'all', 19))).toBe(false);
    expect([...tables]).toEqual([16, 17, 18]);
  });

  test('has rules of a remembered table in its own range only, and its routes unless others use it', () => {
    const others = [rule(500, 'all', 41)];
    const { isOwnRule, tables } = ownershipOf(webserv, [40, 41], others);

    expect(isOwnRule(rule(1000, '192.0.2.9/32', 40))).toBe(true);
    expect(isOwnRule(rule(1999, '192.0.2.9/32', 41))).toBe(true);
    expect(isOwnRule(rule(2000, '192.0.2.9/32', 40))).toBe(false);
    expect([...tables]).toEqual([16, 17, 18, 40]);
  });

  test('has the table of a vif that needs none only where rules of ours point at it', () => {
    expect(ownershipOf(mail, [], []).tables.size).toBe(0);
    expect(ownershipOf(mail, [], [rule(500, 'all', 16)]).tables.size).toBe(0);

    const old = rule(1000, '192.168.0.210/32', 16);
    expect([...ownershipOf(mail, [], [old]).tables]).toEqual([16]);
  });
});

describe('copiesFor', () => {
  const vifNames = new Set(['eth0', 'eth1']);
  const copied = (destination: string, more: Parameters<typeof route>[2]) =>
    copiesFor(17, [route(254, destination, more)], vifNames, []);

  test('takes what main reaches on the link of another interface', () => {
    const bridge = { dev: 'docker0', scope: 'link', src: '172.17.0.1', rest: 'proto kernel' };

    expect(copied('172.17.0.0/16', bridge)).toEqual([
      route(17, '172.17.0.0/16', { ...bridge, rest: '' }),
    ]);
  });

  test.each([
    ['by a vif', '10.0.0.0/8', { dev: 'eth1' }],
    ['to the host itself', '127.0.0.0/8', { dev: 'lo' }],
    ['by a gateway', '10.0.0.0/8', { dev: 'tun0', via: '10.9.0.1' }],
    ['to everywhere', '0.0.0.0/0', { dev: 'tun0' }],
    ['to nowhere', '10.0.0.0/8', { dev: 'tun0', rest: 'blackhole' }],
    ['to several next hops', '10.0.0.0/8', { dev: 'tun0', rest: 'nexthop dev tun0 weight 1' }],
  ])('leaves a route %s', (_, destination, more) => {
    expect(copied(destination, more)).toEqual([]);
  });

  test('takes one route to a network, the best, and none to one that the table has', () => {
    const main = [
      route(254, '10.9.0.0/24', { dev: 'wlan0', metric: 600 }),
      route(254, '10.9.0.0/24', { dev: 'eth5', metric: 100 }),
      route(254, '192.168.0.0/24', { dev: 'eth5' }),
    ];
    const wanted = [route(17, '192.168.0.0/24', { dev: 'eth1' })];

    expect(copiesFor(17, main, vifNames, wanted)).toEqual([
      route(17, '10.9.0.0/24', { dev: 'eth5' }),
    ]);
  });
});

describe('planTables', () => {
  test('keeps the copy of a network manager, which would make it again at its next start', () => {
    const ours = route(17, '0.0.0.0/0', { via: '192.168.0.1', dev: 'eth1', src: '192.168.0.201' });
    const copy = { ...ours, rest: 'proto static' };

    expect(planTables([ours], [ours, copy], 4)).toEqual({
      additions: [],
      // the kernel deletes the first that has these properties
      removals: [{ verb: 'delete', object: 'route', route: ours }],
    });
    expect(planTables([ours], [copy], 4)).toEqual({ additions: [], removals: [] });
  });

  test('counts on the next hops of IPv6 that one route overwrites together', () => {
    const wanted = route(16, '::/0', { via: 'fe80::1', dev: 'eth0' });
    const present = ['fe80::7', 'fe80::8'].map((via) => route(16, '::/0', { via, dev: 'eth1' }));

    expect(planTables([wanted], present, 6)).toEqual({
      additions: [{ verb: 'replace', object: 'route', route: wanted }],
      removals: [],
    });
  });
});

describe('planDefault', () => {
  const wanted = route(254, '::/0', { via: 'fe80::1', dev: 'eth0' });
  const own = new Set(['eth0', 'eth1']);

  test('is content with a router’s own advertisement by the right interface', () => {
    const main = [
      route(254, '::/0', { via: 'fe80::9', dev: 'eth1', rest: 'proto ra' }),
      route(254, '::/0', { via: 'fe80::9', dev: 'eth0', rest: 'proto ra' }),
    ];

    expect(planDefault(wanted, main, own, 6)).toEqual({ operations: [], pending: [] });
  });

  test('takes away a better one by another vif of the guest', () => {
    const better = route(254, '::/0', { via: 'fe80::9', dev: 'eth1', metric: 100 });

    expect(planDefault(wanted, [better], own, 6).operations).toEqual([
      { verb: 'replace', object: 'route', route: wanted },
      { verb: 'delete', object: 'route', route: better },
    ]);
  });

  test('leaves a better one by a foreign interface, and says so', () => {
    const tunnel = route(254, '::/0', { dev: 'wg0', metric: 50 });

    expect(planDefault(wanted, [tunnel], own, 6)).toEqual({
      operations: [],
      pending: ['the default route through wg0 stays; fe80::1 is not made default'],
    });
  });
});
