import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cksum } from '../../src/host/cksum.ts';
import { runs } from '../runs.ts';

const real = (bytes: string) =>
  execFileSync('cksum', { input: Buffer.from(bytes, 'latin1') })
    .toString()
    .trim();

describe('cksum', () => {
  test('is what the command prints', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (array) => {
        const bytes = Buffer.from(array).toString('latin1');

        expect(cksum(bytes)).toBe(real(bytes));
      }),
      { numRuns: runs() },
    );
  });

  test.each([0, 1, 255, 256, 65_535, 65_536, 262_144, 300_000])('of %i bytes too', (size) => {
    const bytes = Array.from({ length: size }, (_, index) =>
      String.fromCharCode((index * 7 + (index >> 8)) & 0xff),
    ).join('');

    expect(cksum(bytes)).toBe(real(bytes));
  });
});
