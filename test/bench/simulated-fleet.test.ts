import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { type Simulated, simulate } from './simulated-fleet.ts';

setFlagsFromString('--expose-gc');
globalThis.gc = runInNewContext('gc');

const ownBytes = 80_000;

describe('simulate', () => {
  test.each([
    ['ndjson with diffs', { form: 'ndjson', diff: true }],
    ['JUnit with diffs, and a page', { form: 'junit', diff: true, page: true }],
  ] as const)(
    'finds that a run with %s holds no diff of a host that ended, but a summary',
    { timeout: 120_000 },
    async (_what, view) => {
      const options = { ...view, ownBytes };
      const heldBy = ({ heldBytes, loadedBytes }: Simulated): number => heldBytes - loadedBytes;
      const few = await simulate(120, options); // as many as fill what is remembered up to a limit
      const many = await simulate(320, options);

      expect([few.changed, many.changed]).toEqual([120, 320]);
      expect((heldBy(many) - heldBy(few)) / 200).toBeLessThan(ownBytes / 3);
    },
  );
});
