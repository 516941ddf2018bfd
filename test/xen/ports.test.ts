import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normalisePorts } from '../../src/inventory/port-ranges.ts';
import { portPieces } from '../../src/xen/ports.ts';
import { runs } from '../runs.ts';

fc.configureGlobal({ numRuns: runs() });

const ranges = fc.array(
  fc
    .tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 20 }))
    .map(([first, width]) => ({ first, last: first + width })),
  { maxLength: 60 },
);

describe('portPieces', () => {
  test('fit a multiport match each, and make up the whole', () => {
    fc.assert(
      fc.property(ranges, (list) => {
        const pieces = portPieces(list);

        for (const piece of pieces) {
          const slots = piece.map(({ first, last }) => (first === last ? 1 : 2) as number);
          expect(slots.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(15);
        }
        expect(pieces.flat()).toEqual(normalisePorts(list));
      }),
    );
  });
});
