import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { globMatcher } from '../../src/inventory/glob.ts';
import { runs } from '../runs.ts';

describe('globMatcher', () => {
  test.each([
    ['*', 'anything', true],
    ['*', '', true],
    ['a*c', 'abbbc', true],
    ['a*c', 'abbb', false],
    ['a*b*c', 'axbxbxc', true],
    ['?', '', false],
    ['??', 'ab', true],
    ['[a-c]x', 'bx', true],
    ['[a-c]x', 'dx', false],
    ['[!a-c]x', 'dx', true],
    ['[]]', ']', true],
    ['[a-]', '-', true],
    ['[', '[', true],
    ['a.c', 'abc', false],
    ['web', 'web1', false],
  ])('%s and %j: %s', (glob, name, isMatch) => {
    expect(globMatcher(glob)(name)).toBe(isMatch);
  });

  test('agrees with a regular expression on small globs', () => {
    const part = fc.constantFrom('*', '?', 'a', 'b', '[ab]', '[!a]');
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 6 }),
        fc.stringMatching(/^[abc]{0,7}$/),
        (parts, name) => {
          const expression = parts
            .map((text) => text.replace('*', '.*').replace('?', '.').replace('[!', '[^'))
            .join('');

          expect(globMatcher(parts.join(''))(name)).toBe(new RegExp(`^${expression}$`).test(name));
        },
      ),
      { numRuns: runs(500) },
    );
  });

  test('many stars take no exponential time', () => {
    const started = performance.now();

    expect(globMatcher(`${'*a'.repeat(50)}b`)('a'.repeat(250))).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
