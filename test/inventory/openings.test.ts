import { describe, expect, test } from 'vitest';
import { admits, openingsOf } from '../../src/inventory/openings.ts';
import { allowed, single, xen1 } from '../xen/fleet.ts';

describe('admits', () => {
  test.each<[readonly string[], string, boolean]>([
    [[], '192.168.0.1', true],
    [['192.168.0.0/24'], '192.168.0.1', true],
    [['192.168.1.0/24'], '192.168.0.1', false],
    [['2001:db8::/32'], '192.168.0.1', false],
    [['2001:db8::/32'], '2001:db8::1', true],
    [[], 'nonsense', false],
  ])('%j has %s: %s', (networks, address, wanted) => {
    expect(admits(networks, address)).toBe(wanted);
  });
});

describe('openingsOf', () => {
  test('TCP that comes in to the address, of the guest and of its dom0', () => {
    const toOne = { to: ['192.0.2.1/32'] };
    const allow = [
      allowed({ ports: [single(80)] }),
      allowed({ ports: [single(81)], to: ['192.0.2.9/32'] }),
      allowed({ ports: [single(82)], proto: 'udp' }),
      allowed({ ports: [single(83)], direction: 'out' }),
    ];
    const rules = [allowed({ ports: [single(25)], ...toOne }), allowed({ ports: [single(26)] })];
    const dom0 = { firewall: { ...xen1.firewall, rules } };

    const ports = openingsOf('192.0.2.1', { allow }, dom0).flatMap((entry) => entry.ports);

    expect(ports.map(({ first }) => first)).toEqual([80, 25]);
  });
});
