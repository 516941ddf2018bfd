import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { type Simulated, simulate } from './simulated-fleet.ts';

setFlagsFromString('--expose-gc');
globalThis.gc = runInNewContext('gc');

describe('simulate', () => {
  test.each([
    ['plain', false, 8_000],
    ['ndjson', true, 16_000],
  ] as const)(
    'finds that a run of %s output (diffs: %s) holds little for each host that ended',
    { timeout: 60_000 },
    async (form, diff, mostBytes) => {
      const options = { form, diff };
      await simulate(50, options); // what is loaded and compiled once
      const heldBy = ({ heapBytes, loadedBytes }: Simulated): number => heapBytes - loadedBytes;
      const few = await simulate(200, options);
      const many = await simulate(600, options);

      expect([few.changed, many.changed]).toEqual([200, 600]);
      expect((heldBy(many) - heldBy(few)) / 400).toBeLessThan(mostBytes);
    },
  );
});
