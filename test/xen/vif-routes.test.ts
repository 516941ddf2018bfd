import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { parseRoutes } from '../../src/host/routes-text.ts';
import { routingWords } from '../../src/host/routing-words.ts';
import {
  type ObservedVifs,
  type OwnedProxy,
  ownedProxiesSchema,
  planVifRoutes,
  routedAddresses,
} from '../../src/xen/vif-routes.ts';
import { xen1 } from './fleet.ts';
import { guestWith, link, mac } from './routing-states.ts';

const guest = await guestWith(`[
  { mac: "${mac(0)}", ips: [192.168.0.5, "2001:db8:1::5", "2001:db8:1::6"] },
  { mac: "${mac(1)}", gatewaydev: wan, ip: "2001:db8:1::7" },
  { mac: "${mac(2)}", script: vif-bridge, ip: "2001:db8:8::5" } ]`);
const wanted = routedAddresses(xen1, [guest]);

const running = (...vifs: readonly (readonly [string, string])[]) => [
  {
    id: 1,
    name: 'g',
    vifs: vifs.map(([device, address], handle) => ({
      ...{ handle, device, mac: address, ips: [], script: null, bridge: null },
    })),
  },
];
const up = (...names: readonly string[]) => names.map((name) => link(name, null, []));

/** The dom0 while the guest runs with all its vifs, and nothing is set. */
const bare: ObservedVifs = {
  interfaces: up('eth0', 'wan', 'vif1.0', 'vif1.1'),
  routes: [],
  proxies: [],
  domains: running(['vif1.0', mac(0)], ['vif1.1', mac(1).toUpperCase()]),
};
const routes = (...lines: readonly string[]) => parseRoutes(lines.join('\n'), 6);
const whole: ObservedVifs = {
  ...bare,
  routes: routes(
    '2001:db8:1::5 dev vif1.0 metric 1024 pref medium',
    '2001:db8:1::6 dev vif1.0 metric 1024 pref medium',
    '2001:db8:1::7 dev vif1.1 metric 1024 pref medium',
  ),
  proxies: [
    { ip: '2001:db8:1::5', dev: 'eth0' },
    { ip: '2001:db8:1::6', dev: 'eth0' },
    { ip: '2001:db8:1::7', dev: 'wan' },
  ],
};
const owned: readonly OwnedProxy[] = [
  { ip: '2001:db8:1::5', uplink: 'eth0' },
  { ip: '2001:db8:1::6', uplink: 'eth0' },
  { ip: '2001:db8:1::7', uplink: 'wan' },
];
const wordsOf = (observed: ObservedVifs, former = owned, addresses = wanted): readonly string[] =>
  planVifRoutes(addresses, observed, former).operations.map(routingWords);

describe('routedAddresses', () => {
  test('has those behind vif-route, each with the interface to answer on', () => {
    expect(wanted.map(({ ip, uplink }) => ({ ip, uplink }))).toEqual(owned);
  });
});

describe('planVifRoutes', () => {
  test('routes each address to its vif, and answers for it on the uplink', () => {
    const plan = planVifRoutes(wanted, bare, []);

    expect(plan.operations.map(routingWords)).toEqual([
      'route replace 2001:db8:1::5/128 dev vif1.0 table 254',
      'route replace 2001:db8:1::6/128 dev vif1.0 table 254',
      'route replace 2001:db8:1::7/128 dev vif1.1 table 254',
      'neigh add proxy 2001:db8:1::5 dev eth0',
      'neigh add proxy 2001:db8:1::6 dev eth0',
      'neigh add proxy 2001:db8:1::7 dev wan',
    ]);
    expect(plan.owned).toEqual(owned);
  });

  test('plans nothing where all is there, by whoever', () => {
    expect(planVifRoutes(wanted, whole, [])).toEqual({ operations: [], owned, pending: [] });
    const byXen = routes(
      '2001:db8:1::5 dev vif1.0 metric 2 pref medium',
      '2001:db8:1::6 dev vif1.0 metric 2 pref medium',
      '2001:db8:1::7 dev vif1.1 metric 2 pref medium',
    );
    expect(wordsOf({ ...whole, routes: byXen }, [])).toEqual([]);
  });

  test('follows the vif of a guest that was created anew', () => {
    const anew = {
      ...whole,
      interfaces: up('eth0', 'wan', 'vif2.0', 'vif2.1'),
      domains: running(['vif2.0', mac(0)], ['vif2.1', mac(1)]),
      routes: [],
    };

    expect(wordsOf(anew)).toEqual([
      'route replace 2001:db8:1::5/128 dev vif2.0 table 254',
      'route replace 2001:db8:1::6/128 dev vif2.0 table 254',
      'route replace 2001:db8:1::7/128 dev vif2.1 table 254',
    ]);
  });

  test('takes an address back from the network when its guest no longer runs here', () => {
    const gone = { ...whole, interfaces: up('eth0', 'wan'), domains: [], routes: [] };

    expect(wordsOf(gone)).toEqual(
      owned.map(({ ip, uplink }) => `neigh del proxy ${ip} dev ${uplink}`),
    );
    expect(planVifRoutes(wanted, gone, owned).owned).toEqual([]);
  });

  test('removes what left the inventory, and only what an earlier run made', () => {
    const fewer = wanted.filter(({ ip }) => ip !== '2001:db8:1::6');

    expect(wordsOf(whole, owned, fewer)).toEqual([
      'route del 2001:db8:1::6/128 dev vif1.0 metric 1024 table 254',
      'neigh del proxy 2001:db8:1::6 dev eth0',
    ]);
    expect(wordsOf(whole, [], fewer)).toEqual([]);
  });

  test('moves an address to another vif at once: the new way is there first', () => {
    const moved = wanted.map((each) =>
      each.ip === '2001:db8:1::6' ? { ...each, mac: mac(1), uplink: 'wan' } : each,
    );

    expect(wordsOf(whole, owned, moved)).toEqual([
      'route replace 2001:db8:1::6/128 dev vif1.1 table 254',
      'neigh add proxy 2001:db8:1::6 dev wan',
      'neigh del proxy 2001:db8:1::6 dev eth0',
    ]);
  });

  test('keeps the old way of an address whose new vif comes when the guest is next created', () => {
    const later = wanted.map((each) =>
      each.ip === '2001:db8:1::6' ? { ...each, mac: mac(7) } : each,
    );

    const plan = planVifRoutes(later, whole, owned);

    expect(plan.operations).toEqual([]);
    expect(plan.owned).toHaveLength(3);
  });

  test('waits with running guests where no toolstack tells of them', () => {
    expect(planVifRoutes(wanted, { ...bare, domains: null }, owned)).toEqual({
      operations: [],
      owned,
      pending: ['no toolstack answers: the routes of running guests come when those next start'],
    });
  });

  test('waits for a vif that is not up yet', () => {
    const down = { ...bare, interfaces: up('eth0', 'wan', 'vif1.1') };

    expect(wordsOf(down, [])).toEqual([
      'route replace 2001:db8:1::7/128 dev vif1.1 table 254',
      'neigh add proxy 2001:db8:1::7 dev wan',
    ]);
  });
});

describe('ownedProxiesSchema', () => {
  test.each([
    ['an address of IPv4', [{ ip: '192.0.2.1', uplink: 'eth0' }]],
    ['words', [{ ip: '2001:db8::1 dev eth0', uplink: 'eth0' }]],
    ['an interface of two words', [{ ip: '2001:db8::1', uplink: 'eth0 table 1' }]],
  ])('takes no %s', (_, memory) => {
    expect(v.safeParse(ownedProxiesSchema, owned).success).toBe(true);
    expect(v.safeParse(ownedProxiesSchema, memory).success).toBe(false);
  });
});
