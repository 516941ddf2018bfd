import { describe, expect, test } from 'vitest';
import type { Route, Rule } from '../../src/host/query.ts';
import { desiredRouting, formatRoute, mainTable, needsTable } from '../../src/xen/routing.ts';
import { dmz, guest, lan, mail, storage, vif, webserv } from './fleet.ts';
import { guestWith } from './routing-states.ts';

function words(route: Route): string {
  const { destination, via, dev, scope, src, table } = route;
  return [
    destination,
    ...(via === null ? [] : ['via', via]),
    `dev ${dev}`,
    ...(scope === null ? [] : ['scope', scope]),
    ...(src === null ? [] : ['src', src]),
    `table ${table}`,
  ].join(' ');
}

const ruleWords = (rule: Rule): string =>
  `${rule.priority}: from ${rule.from} lookup ${rule.table}`;

describe('desiredRouting', () => {
  test('gives each of several vifs in one subnet its own table and rule', () => {
    const desired = desiredRouting(webserv);

    expect(desired.addresses).toEqual([
      { iface: 'eth0', ip: '192.168.0.200', prefix: 24 },
      { iface: 'eth1', ip: '192.168.0.201', prefix: 24 },
      { iface: 'eth2', ip: '192.168.0.202', prefix: 24 },
    ]);
    expect(desired.routes.map(words)).toEqual([
      '192.168.0.0/24 dev eth0 scope link src 192.168.0.200 table 254',
      '192.168.0.0/24 dev eth0 scope link src 192.168.0.200 table 16',
      '0.0.0.0/0 via 192.168.0.1 dev eth0 src 192.168.0.200 table 16',
      '192.168.0.0/24 dev eth1 scope link src 192.168.0.201 table 17',
      '0.0.0.0/0 via 192.168.0.1 dev eth1 src 192.168.0.201 table 17',
      '192.168.0.0/24 dev eth2 scope link src 192.168.0.202 table 18',
      '0.0.0.0/0 via 192.168.0.1 dev eth2 src 192.168.0.202 table 18',
      '0.0.0.0/0 via 192.168.0.1 dev eth0 table 254',
    ]);
    expect(desired.rules.map(ruleWords)).toEqual([
      '1000: from 192.168.0.200/32 lookup 16',
      '1016: from 192.168.0.201/32 lookup 17',
      '1032: from 192.168.0.202/32 lookup 18',
    ]);
  });

  test('needs no policy routing for one vif with several addresses', () => {
    const desired = desiredRouting(mail);

    expect(desired.rules).toEqual([]);
    expect(desired.routes.map((route) => route.table)).toEqual([mainTable, mainTable]);
  });

  test('has one rule for each address of a vif that needs a table', () => {
    const both = guest('both', [
      vif(0, lan, ['192.168.0.5', '192.168.0.6']),
      vif(1, lan, ['192.168.0.7']),
    ]);

    expect(desiredRouting(both).rules.map(ruleWords)).toEqual([
      '1000: from 192.168.0.5/32 lookup 16',
      '1001: from 192.168.0.6/32 lookup 16',
      '1016: from 192.168.0.7/32 lookup 17',
    ]);
  });

  test('copies the guest’s other connected networks into each table', () => {
    const three = guest('three', [
      vif(0, lan, ['192.168.0.5']),
      vif(1, lan, ['192.168.0.6']),
      vif(2, storage, ['10.8.0.5']),
    ]);

    const table17 = desiredRouting(three).routes.filter((route) => route.table === 17);

    expect(table17.map(words)).toEqual([
      '192.168.0.0/24 dev eth1 scope link src 192.168.0.6 table 17',
      '10.8.0.0/16 dev eth2 scope link src 10.8.0.5 table 17',
      '0.0.0.0/0 via 192.168.0.1 dev eth1 src 192.168.0.6 table 17',
    ]);
    expect(desiredRouting(three).routes.some((route) => route.table === 18)).toBe(false);
  });

  test('has one default route in the main table, through the first vif with a gateway', () => {
    const two = guest('two', [vif(0, storage, ['10.8.0.5']), vif(1, lan, ['192.168.0.6'])]);

    const defaults = desiredRouting(two).routes.filter(
      (route) => route.destination === '0.0.0.0/0',
    );

    expect(defaults.map(words)).toEqual(['0.0.0.0/0 via 192.168.0.1 dev eth1 table 254']);
  });
});

describe('desiredRouting of IPv6', () => {
  test('goes through dom0 by its link-local address, without a network on the link', async () => {
    const two = await guestWith('[{ ip: "2001:db8:1::5" }, { ip: "2001:db8:1::6" }]');

    const { addresses, routes, rules } = desiredRouting(two, 6);

    expect(addresses).toEqual([
      { iface: 'eth0', ip: '2001:db8:1::5', prefix: 128 },
      { iface: 'eth1', ip: '2001:db8:1::6', prefix: 128 },
    ]);
    expect(routes.map((route) => `${formatRoute(route)} table ${route.table}`)).toEqual([
      'default via fe80::fcff:ffff:feff:ffff dev eth0 onlink table 16',
      'default via fe80::fcff:ffff:feff:ffff dev eth1 onlink table 17',
      'default via fe80::fcff:ffff:feff:ffff dev eth0 onlink table 254',
    ]);
    expect(rules.map(ruleWords)).toEqual([
      '1000: from 2001:db8:1::5/128 lookup 16',
      '1016: from 2001:db8:1::6/128 lookup 17',
    ]);
  });

  test('has the network and its gateway on a bridge, and copies of the other networks', async () => {
    const three = await guestWith(`[
      { script: vif-bridge, ip: "2001:db8:1::5" },
      { script: vif-bridge, ip: "2001:db8:1::6" },
      { script: vif-bridge, ip: "2001:db8:8::7" } ]`);

    const { routes } = desiredRouting(three, 6);

    expect(routes.filter(({ table }) => table === 17).map(formatRoute)).toEqual([
      '2001:db8:1::/64 dev eth1',
      '2001:db8:8::/64 dev eth2',
      'default via 2001:db8:1::1 dev eth1',
    ]);
    expect(routes.filter(({ table }) => table === 18)).toEqual([]);
    expect(routes.filter(({ table }) => table === 254).map(formatRoute)).toEqual([
      '2001:db8:1::/64 dev eth0 metric 256',
      '2001:db8:8::/64 dev eth2 metric 256',
      'default via 2001:db8:1::1 dev eth0',
    ]);
  });

  test('shares the table of a vif with IPv4, and needs it where that does not', async () => {
    const two = await guestWith(`[
      { ips: [192.168.0.5, "2001:db8:1::5"] }, { ips: [10.8.0.6, "2001:db8:1::6"] } ]`);
    const [, second] = two.vifs;

    expect(second && [needsTable(two, second, 4), needsTable(two, second, 6)]).toEqual([
      false,
      true,
    ]);
    expect(second && needsTable(two, second)).toBe(true);
    expect(desiredRouting(two, 6).rules.map(ruleWords)[1]).toBe(
      '1017: from 2001:db8:1::6/128 lookup 17',
    );
  });
});

describe('needsTable', () => {
  test('is true of a second network with a gateway of its own, not of the first', () => {
    const two = guest('two', [vif(0, lan, ['192.168.0.6']), vif(1, dmz, ['203.0.113.9'])]);

    expect(two.vifs.map((each) => needsTable(two, each))).toEqual([false, true]);
  });
});
