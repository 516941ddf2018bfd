import { describe, expect, test } from 'vitest';
import { cidrOf, cidrsOf, holds } from '../../src/xen/firewall-address.ts';

describe('cidrOf', () => {
  test.each([
    ['192.168.0.9', 4, '192.168.0.9/32'],
    ['10.1.2.3/8', 4, '10.0.0.0/8'],
    ['2001:DB8:0:0::9', 6, '2001:db8::9/128'],
    ['2001:db8::9/64', 6, '2001:db8::/64'],
    ['2001:db8::9', 4, null],
    ['192.168.0.9', 6, null],
    ['eth0', 4, null],
  ] as const)('%s as IPv%i is %s', (text, family, cidr) => {
    expect(cidrOf(text, family)).toBe(cidr);
  });
});

describe('cidrsOf', () => {
  test('leaves out the other family', () => {
    expect(cidrsOf(['10.0.0.0/8', '2001:db8::/32', '10.0.0.1'], 4)).toEqual([
      '10.0.0.0/8',
      '10.0.0.1/32',
    ]);
  });
});

describe('holds', () => {
  test.each([
    ['10.0.0.0/8', '10.1.1.1/32', true],
    ['10.0.0.0/8', '11.0.0.0/32', false],
    ['10.0.0.0/16', '10.0.0.0/8', false],
    ['2001:db8::/32', '2001:db8:7::1/128', true],
    ['2001:db8::/32', '10.0.0.1/32', false],
    ['nonsense', '10.0.0.1/32', false],
  ])('%s holds %s: %s', (outer, inner, isSo) => {
    expect(holds(outer, inner)).toBe(isSo);
  });
});
