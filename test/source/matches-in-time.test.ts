import { describe, expect, test } from 'vitest';
import { matchesIn, SlowPattern } from '../../src/source/matches-in-time.ts';

describe('matchesIn', () => {
  test('finds the first match of each text, or all of them', () => {
    const found = (expression: RegExp) =>
      matchesIn(['a1 b2', 'none'], expression).map((matches) => matches.map(([match]) => match));

    expect(found(/\d/)).toEqual([['1'], []]);
    expect(found(/\d/g)).toEqual([['1', '2'], []]);
  });

  test('gives up what takes for ever, and then searches as before', () => {
    expect(() => matchesIn(['a'.repeat(60)], /(a+)+$b/)).toThrow(SlowPattern);
    expect(matchesIn(['b'], /b/)).toHaveLength(1);
  });
});
