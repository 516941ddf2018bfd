import { expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { surroundings } from '../../src/lab/inventory-plan.ts';
import { labDescribe } from '../lab-tier.ts';
import { until } from '../until.ts';
import { Fleet, hostIn, statuses } from './fleet.ts';
import { addresses, layout, one, three } from './layout.ts';

/** Two on one vif, and one on another. */
const mixed = `
      - { mac: "de:ad:be:ef:00:00", ips: [192.168.0.200, 192.168.0.202] }
      - { mac: "de:ad:be:ef:00:01", ip: 192.168.0.201 }`;

const inventory = await loadInventory({ argument: '-', stdin: layout(three) });
const describe = await labDescribe();

describe('a guest whose layout changes', () => {
  const { far } = surroundings(inventory);

  test.each([
    ['one vif for all', three, one],
    ['several on one', three, mixed],
    ['a vif for each', one, three],
    ['a vif for some', one, mixed],
  ])(
    'to %s loses no address, whichever one came in by, until it is created anew; and that is all that waits',
    async (_, from, to) => {
      await using fleet = await Fleet.start(layout(from), { guestRpFilter: 1 });
      const { lab } = fleet;
      await using _servers = await lab
        .host('web')
        .listen(addresses.map((address) => ({ address, port: 80 })));
      const isOpen = async (): Promise<boolean> => {
        const results = await lab.host(far).probe(addresses.map((to) => ({ to, port: 80 })));
        return results.every(({ status }) => status === 'open');
      };
      await fleet.mustApply();
      await until(isOpen);

      for (const address of addresses) {
        await fleet.write('inventory.yaml', layout(to, address));
        const run = await fleet.mustApply();

        expect(await isOpen(), `${address}: ${run.stdout}`).toBe(true);
        const pending = hostIn(run.document, 'web').tasks.flatMap((task) => task.pending);
        expect(pending.join('\n')).toMatch(/when web is next created/);
      }
      const check = await fleet.apply('--check', '--exit-code');
      expect(statuses(check.document), check.stdout).toEqual({ xen1: 'ok', web: 'ok' });

      await fleet.write('inventory.yaml', layout(from));
      await fleet.mustApply();
      const back = await fleet.apply('--check', '--exit-code');
      expect(statuses(back.document), back.stdout).toEqual({ xen1: 'ok', web: 'ok' });
      expect(await isOpen()).toBe(true);
    },
  );
});
