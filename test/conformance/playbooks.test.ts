import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { webServer } from '../steps/web-server.ts';
import { cases, casesDirectory } from './cases.ts';
import { LocalFleet } from './play-on-fleet.ts';
import { playThrice } from './play-thrice.ts';
import { answerAsAsked } from './web-answers.ts';

const web = webServer(answerAsAsked);

describe('playbooks', async () => {
  const inventory = await loadInventory({ argument: join(casesDirectory, 'inventory.yaml') });
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'xpush-conformance-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  // only root becomes somebody else
  const able = cases.filter(
    ({ name, on }) =>
      on === 'here' &&
      (process.getuid?.() === 0 || !['become-user', 'keywords-of-a-play'].includes(name)),
  );

  test.each(able.map((one) => [one.name, one] as const))(
    '%s: checked, applied and applied again, as its events say',
    async (_, one) =>
      await playThrice(one, { inventory, fleet: new LocalFleet(), directory, web: web.address }),
  );
});
