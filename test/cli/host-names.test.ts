import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compressNames } from '../../src/cli/host-names.ts';
import { expandText } from '../../src/inventory/expand-ranges.ts';
import { runs } from '../runs.ts';

describe('compressNames', () => {
  test.each([
    [['web1', 'web3', 'web2'], ['web[1:3]']],
    [
      ['web01', 'web02', 'web3'],
      ['web01', 'web02', 'web3'],
    ],
    [
      ['xen', 'a1.lan', 'a2.lan', 'a3.lan', 'a9.lan'],
      ['a[1:3].lan', 'a9.lan', 'xen'],
    ],
    [
      ['web9', 'web10', 'web11', 'web12'],
      ['web9', 'web[10:12]'],
    ],
    [
      ['h11', 'h9', 'h12', 'h1', 'h3', 'h2', 'h10', 'h8', 'hx'],
      ['h[1:3]', 'h8', 'h9', 'h[10:12]', 'hx'],
    ],
    [[], []],
  ])('%j', (names, expected) => {
    expect(compressNames(names)).toEqual(expected);
  });

  test('a pattern of all its texts names the same hosts', () => {
    const name = fc
      .tuple(fc.constantFrom('web', 'a1b'), fc.integer({ min: 0, max: 30 }), fc.boolean())
      .map(
        ([start, number, isWide]) => `${start}${isWide ? String(number).padStart(3, '0') : number}`,
      );
    fc.assert(
      fc.property(fc.uniqueArray(name), (names) => {
        const expanded = compressNames(names).flatMap((text) => {
          const found = expandText(text);
          return found === null ? [text] : 'texts' in found ? found.texts : [];
        });

        expect(expanded.toSorted()).toEqual(names.toSorted());
      }),
      { numRuns: runs() },
    );
  });
});
