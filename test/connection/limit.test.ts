import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Limit } from '../../src/connection/limit.ts';
import { runs } from '../runs.ts';

fc.configureGlobal({ numRuns: runs() });

describe('Limit', () => {
  test('runs all, never more than so many at once, in order, whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.record({ turns: fc.nat(4), fails: fc.boolean() }), { maxLength: 12 }),
        async (maximum, jobs) => {
          const limit = new Limit(maximum);
          const started: number[] = [];
          let running = 0;
          let most = 0;

          const results = await Promise.allSettled(
            jobs.map(({ turns, fails }, index) =>
              limit.run(async () => {
                started.push(index);
                most = Math.max(most, ++running);
                for (let i = 0; i < turns; i += 1) await Promise.resolve();
                running -= 1;
                if (fails) throw new Error('failed');
              }),
            ),
          );

          expect(results.map(({ status }) => status === 'rejected')).toEqual(
            jobs.map(({ fails }) => fails),
          );
          expect(started).toEqual(jobs.map((_, index) => index));
          expect(most).toBeLessThanOrEqual(maximum);
        },
      ),
    );
  });
});
