import { expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { inventoryWarnings } from '../../src/inventory/warnings.ts';

test('inventoryWarnings names MACs of makers of network cards, and no others', async () => {
  const inventory = await loadInventory({
    argument: '-',
    stdin: `networks: { lan: { subnet: 10.0.0.0/24 } }
dom0: { x: }
domU:
  a:
    dom0: x
    vifs:
      - { ip: 10.0.0.5, mac: "00:1b:21:00:00:01" }
      - { ip: 10.0.0.6, mac: "de:ad:be:ef:00:00" }
      - { ip: 10.0.0.7, mac: "00:16:3e:00:00:01" }
      - { ip: 10.0.0.8 }
`,
  });

  expect(inventoryWarnings(inventory)).toEqual([
    {
      position: { file: '<stdin>', line: 7, column: 9 },
      message: 'the MAC 00:1b:21:00:00:01 of a may be that of a real network card',
      hint: 'begin it with 00:16:3e: or 02:, or leave it out',
      excerpt: null,
    },
  ]);
});
