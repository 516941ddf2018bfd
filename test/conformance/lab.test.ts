import { join } from 'node:path';
import { afterAll, beforeAll, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { labDescribe } from '../lab-tier.ts';
import { cases, casesDirectory } from './cases.ts';
import { LabFleet, labOf } from './lab-fleet.ts';
import { playThrice } from './play-thrice.ts';

const labInventory = await loadInventory({ argument: join(casesDirectory, 'inventory-lab.yaml') });
const describeInLab = await labDescribe(labOf(labInventory));

describeInLab('playbooks in a lab', () => {
  let fleet: LabFleet;
  beforeAll(async () => {
    fleet = await LabFleet.start(labInventory);
  });
  afterAll(async () => await fleet?.lab.down());

  test.each(cases.filter(({ on }) => on === 'lab').map((one) => [one.name, one] as const))(
    '%s: checked, applied and applied again, as its events say',
    async (name, one) => {
      const directory = `/srv/${name}`;
      for (const host of labInventory.hosts.keys()) await fleet.sh(host, `mkdir -p ${directory}`);
      let isOver = false;
      const restarts =
        name === 'step-reboot' ? fleet.restartAsAsked('here', () => isOver) : Promise.resolve();
      try {
        await playThrice(one, { inventory: labInventory, fleet, directory });
      } finally {
        isOver = true;
        await restarts;
      }
    },
  );
});
