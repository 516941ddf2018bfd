import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  matchesPattern,
  matchesPatternList,
  matchesPatterns,
} from '../../src/connection/pattern.ts';
import { runs } from '../runs.ts';

describe('matchesPattern', () => {
  test('is what a regular expression would say', () => {
    const text = fc.stringMatching(/^[ab.]{0,8}$/);
    const pattern = fc.stringMatching(/^[ab.*?]{0,6}$/);
    fc.assert(
      fc.property(pattern, text, (wanted, name) => {
        const source = wanted.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');

        expect(matchesPattern(wanted, name)).toBe(new RegExp(`^${source}$`).test(name));
      }),
      { numRuns: runs(2_000) },
    );
  });

  test('is quick on patterns that choke regular expressions', () => {
    const started = performance.now();

    expect(matchesPattern(`${'*a'.repeat(30)}b`, 'a'.repeat(5_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describe('matchesPatternList', () => {
  test.each([
    ['a,b', 'b', true],
    ['A', 'a', true],
    ['*,!b', 'b', false],
    ['!b', 'a', false],
    ['', '', true],
  ])('of %j and %j is %j', (list, name, expected) => {
    expect(matchesPatternList(list, name)).toBe(expected);
  });
});

describe('matchesPatterns', () => {
  test('minds the case', () => {
    expect(matchesPatterns(['A'], 'a')).toBe(false);
  });
});
