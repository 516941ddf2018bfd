import { describe, expect, test } from 'vitest';
import { liveVifs } from '../../src/xen/live-vif.ts';
import { type Circumstances, planAddresses } from '../../src/xen/routing-addresses.ts';
import { nothingOwned } from '../../src/xen/routing-memory.ts';
import { guestWith, link, mac } from './routing-states.ts';

const routed = await guestWith(`[
  { mac: "${mac(0)}", ips: [192.168.0.200, "2001:db8:1::200"] },
  { mac: "${mac(1)}", ips: [192.168.0.201, "2001:db8:1::201"] } ]`);
const bridged = await guestWith(`[
  { mac: "${mac(0)}", script: vif-bridge, ips: [192.168.0.200] },
  { mac: "${mac(1)}", script: vif-bridge, ips: [192.168.0.201] } ]`);

const usual: Circumstances = { family: 4, owned: nothingOwned, arrival: '192.168.0.200' };

/** eth0 has both addresses, eth1 has none. */
const onOne = [
  link('eth0', mac(0), ['192.168.0.200/24', '192.168.0.201/24']),
  link('eth1', mac(1), []),
];
const move = {
  additions: [{ iface: 'eth1', ip: '192.168.0.201', prefix: 24 }],
  removals: [{ iface: 'eth0', ip: '192.168.0.201', prefix: 24 }],
  pending: [],
};

function plan(guest: typeof routed, links: typeof onOne, more: Partial<Circumstances> = {}) {
  return planAddresses(guest, liveVifs(guest, links), links, { ...usual, ...more });
}

describe('planAddresses', () => {
  test('leaves an address where dom0 routes it to, though it belongs elsewhere', () => {
    const before = { tables: [], addresses: [{ mac: mac(0), ip: '192.168.0.201', prefix: 24 }] };

    for (const owned of [nothingOwned, before]) {
      expect(plan(routed, onOne, { owned })).toMatchObject({
        additions: [],
        removals: [],
        staying: new Set(['192.168.0.201']),
        pending: ['192.168.0.201 moves from eth0 to eth1 when g is next created'],
      });
    }
    expect(plan(routed, onOne, { owned: before }).owned).toContainEqual(before.addresses[0]);
  });

  test('moves it at once on bridges, which do not ask whose it was', () => {
    expect(plan(bridged, onOne)).toMatchObject(move);
  });

  test('moves it back to where an earlier run had it', () => {
    const owned = { tables: [], addresses: [{ mac: mac(1), ip: '192.168.0.201', prefix: 24 }] };

    expect(plan(routed, onOne, { owned })).toMatchObject(move);
  });

  test.each([
    ['that the session came in by', '192.168.0.201'],
    ['when it is not known by which the session came in', null],
  ])('moves no address %s', (_, arrival) => {
    expect(plan(bridged, onOne, { arrival })).toMatchObject({ additions: [], removals: [] });
  });

  test('leaves the address of an interface that is down, wherever it is', () => {
    const links = onOne.map((each) => (each.name === 'eth1' ? { ...each, isUp: false } : each));

    expect(plan(bridged, links)).toMatchObject({ additions: [], removals: [], pending: [] });
  });

  test('leaves an address on a bridge over the vif, and a virtual one on the loopback', () => {
    const links = [
      link('lo', null, ['127.0.0.1/8', '192.168.0.201/32']),
      link('eth0', mac(0), []),
      link('br0', mac(0), ['192.168.0.200/24']),
      link('eth1', mac(1), ['192.168.0.201/24']),
    ];

    expect(plan(routed, links, { arrival: '192.168.0.201' })).toMatchObject({
      additions: [],
      removals: [],
      pending: ['192.168.0.200 moves from br0 to eth0 when g is next created'],
    });
  });

  test('mends a wrong prefix length without losing the address', () => {
    const links = [
      link('eth0', mac(0), ['192.168.0.200/32']),
      link('eth1', mac(1), ['192.168.0.201/24']),
    ];

    expect(plan(routed, links)).toMatchObject({
      additions: [{ iface: 'eth0', ip: '192.168.0.200', prefix: 24 }],
      removals: [{ iface: 'eth0', ip: '192.168.0.200', prefix: 32 }],
    });
  });

  test('takes away only what an earlier run brought', () => {
    const links = [
      link('eth0', mac(0), ['192.168.0.200/24', '192.168.0.90/24', '192.168.0.91/24']),
      link('eth1', mac(1), ['192.168.0.201/24']),
    ];
    const owned = { tables: [], addresses: [{ mac: mac(0), ip: '192.168.0.91', prefix: 24 }] };

    const { removals, owned: left } = plan(routed, links, { owned });

    expect(removals).toEqual([{ iface: 'eth0', ip: '192.168.0.91', prefix: 24 }]);
    expect(left.map(({ ip }) => ip)).toEqual(['192.168.0.200', '192.168.0.201']);
  });

  test('forgets what went with its interface', () => {
    const links = [
      link('eth0', mac(0), ['192.168.0.200/24']),
      link('eth1', mac(1), ['192.168.0.201/24']),
    ];
    const owned = { tables: [], addresses: [{ mac: mac(7), ip: '192.168.0.91', prefix: 24 }] };

    expect(plan(routed, links, { owned }).owned).toHaveLength(2);
  });
});
