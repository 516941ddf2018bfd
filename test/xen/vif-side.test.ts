import { describe, expect, test } from 'vitest';
import { isRouted, sideOf } from '../../src/xen/vif-side.ts';
import { guestWith } from './routing-states.ts';

const { vifs } = await guestWith(`[
  { ips: [192.168.0.5, "2001:db8:1::5"] },
  { script: /etc/xen/scripts/vif-bridge, ip: "2001:db8:1::6" } ]`);
const sideOfVif = (place: number, family: 4 | 6) => {
  const vif = vifs[place];
  return vif === undefined ? undefined : sideOf(vif, family);
};

describe('sideOf', () => {
  test('has nothing on the link for IPv6 through dom0, whose end of the vif is the gateway', () => {
    expect(sideOfVif(0, 6)).toMatchObject({
      prefix: 128,
      subnet: null,
      gateway: 'fe80::fcff:ffff:feff:ffff',
      ips: ['2001:db8:1::5'],
      priorities: [1001],
    });
  });

  test('has the network for IPv4 through dom0, and for both on a bridge', () => {
    expect(sideOfVif(0, 4)).toMatchObject({ prefix: 24, subnet: '192.168.0.0/24' });
    expect(sideOfVif(1, 6)).toMatchObject({
      prefix: 64,
      subnet: '2001:db8:1::/64',
      gateway: '2001:db8:1::1',
    });
  });

  test('is null for a family that the vif has no address of', () => {
    expect(sideOfVif(1, 4)).toBeNull();
  });
});

describe('isRouted', () => {
  test('is told by the script, whatever its directory', () => {
    expect(vifs.map(isRouted)).toEqual([true, false]);
  });
});
