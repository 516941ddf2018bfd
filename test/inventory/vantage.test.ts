import { describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { addressBook, seenAddress } from '../../src/inventory/vantage.ts';

describe('seenAddress', () => {
  const book = new Map([['203.0.113.9', 'jump']]);

  test.each<[string, string, string | null, string | null]>([
    ['nobody was asked', '10.0.0.5', null, '10.0.0.5'],
    ['the same', '10.0.0.5', '10.0.0.5', '10.0.0.5'],
    ['the other family says nothing', '10.0.0.5', '2001:db8::1', '10.0.0.5'],
    ['translated to a public one', '10.0.0.5', '203.0.113.1', '203.0.113.1'],
    ['a host of the inventory', '10.0.0.5', '203.0.113.9', null],
    ['another private one', '10.0.0.5', '192.168.0.1', null],
  ])('%s', (_, own, peer, wanted) => {
    expect(seenAddress(own, peer, book)).toBe(wanted);
  });
});

describe('addressBook', () => {
  test('has dom0s, guests with all their addresses, and plain hosts, however they are written', async () => {
    const inventory = await loadInventory({
      argument: '-',
      stdin: `
networks: { lan: { subnet: 10.0.0.0/24 }, lan6: { subnet: "2001:db8::/64" } }
dom0: { xen1: { address: 10.0.0.2 } }
domU: { a: { dom0: xen1, vifs: [{ ips: [10.0.0.10, "2001:DB8:0::A"] }] } }
hosts: { ns: { address: 10.0.0.3 } }
`,
    });

    expect(Object.fromEntries(addressBook(inventory))).toEqual({
      ...{ '10.0.0.2': 'xen1', '10.0.0.10': 'a', '2001:db8::a': 'a', '10.0.0.3': 'ns' },
    });
  });
});
