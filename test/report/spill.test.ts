import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Spill, type SpillFile } from '../../src/report/spill.ts';
import { runs } from '../runs.ts';

const long = fc
  .array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), { minLength: 1 })
  .chain((words) => fc.nat(60_000).map((times) => words.join('|').repeat(1 + (times % 3000))));

/** A file in memory that fails from the given append on. */
function fileThatFailsAt(last: number): SpillFile & { readonly reads: number } {
  let bytes = Buffer.alloc(0);
  let appends = 0;
  let reads = 0;
  return {
    get reads() {
      return reads;
    },
    append: async (more) => {
      appends += 1;
      // as a full disk does it: a part is there
      const at = bytes.length;
      bytes = Buffer.concat([bytes, appends !== last ? more : more.subarray(0, 7)]);
      if (appends === last) throw new Error('the disk is full');
      return at;
    },
    read: async (at, length) => {
      reads += 1;
      return bytes.subarray(at, at + length);
    },
  };
}

describe('Spill', () => {
  test('gives each text back, with a file, without, and with one that fails on the way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(long, { maxLength: 40 }),
        fc.constantFrom(null, 1, 2, 3, Number.POSITIVE_INFINITY),
        async (texts, last) => {
          const spill = new Spill(last === null ? null : fileThatFailsAt(last));
          const kept = texts.map((text) => spill.keep(text));

          for (const [index, each] of kept.entries()) {
            expect(await spill.read(each)).toBe(texts[index]);
          }
          const [again] = texts.map((text) => spill.keep(text));
          expect(again).toBe(kept[0]);
        },
      ),
      { numRuns: runs(100) },
    );
  });

  test('takes what waits out of memory, and reads what lies together at once', async () => {
    const file = fileThatFailsAt(Number.POSITIVE_INFINITY);
    const spill = new Spill(file);
    const texts = Array.from({ length: 2000 }, (_, index) => `${index} ${'x'.repeat(1000)}`);
    const kept = texts.map((text) => spill.keep(text));
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();

    for (const [index, each] of kept.entries()) expect(await spill.read(each)).toBe(texts[index]);

    expect(file.reads).toBe(7); // of 256 KiB each; the rest was not written
  });
});
