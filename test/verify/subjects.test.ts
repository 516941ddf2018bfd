import { describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { selectHosts } from '../../src/inventory/patterns.ts';
import { farAddress, subjectsOf } from '../../src/verify/subjects.ts';

const inventory = await loadInventory({
  argument: '-',
  stdin: `
networks: { lan: { subnet: 10.0.0.0/24 }, docs: { subnet: 203.0.113.0/24 }, lan6: { subnet: "2001:db8::/64" } }
dom0: { xen1: { address: 10.0.0.2 }, xen2: { address: 10.0.0.3 } }
domU:
  a: { dom0: xen1, vifs: [{ ips: [10.0.0.10, "2001:db8::a"] }] }
  b: { dom0: xen1, vifs: [{ ip: 10.0.0.11 }, { ip: 10.0.0.12 }] }
  c: { dom0: xen2, vifs: [{ ip: 10.0.0.13 }] }
hosts: { ns: { address: 10.0.0.4 } }
`,
});

function chosen(pattern: string) {
  const selection = selectHosts(inventory, pattern);
  if (!selection.ok) throw new Error(selection.message);
  const { addresses, hosts } = subjectsOf(inventory, selection.hosts);
  return {
    addresses: addresses.map(({ address }) => address).join(' '),
    hosts: hosts.map(({ name }) => name).join(' '),
  };
}

describe('subjectsOf', () => {
  test.each([
    ['a', '10.0.0.10 2001:db8::a', 'xen1 a'],
    ['xen1', '10.0.0.10 2001:db8::a 10.0.0.11 10.0.0.12', 'xen1 a b'],
    ['xen1,c', '10.0.0.10 2001:db8::a 10.0.0.11 10.0.0.12 10.0.0.13', 'xen1 xen2 a b c'],
    ['ns', '', ''],
  ])('%s: %s, asked are %s', (pattern, addresses, hosts) => {
    expect(chosen(pattern)).toEqual({ addresses, hosts });
  });
});

describe('farAddress', () => {
  test('is in none of the networks', () => {
    expect(farAddress(inventory, 4)).toBe('198.51.100.1');
    expect(farAddress(inventory, 6)).toBe('2001:db8:ffff::1');
  });
});
