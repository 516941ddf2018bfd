import { describe, expect, test } from 'vitest';
import { bars, barTable, judge, missedBars } from './bars.ts';

const { convergedToPssh: low, ansibleWall: high } = bars;

describe('judge', () => {
  test.each([
    [low, 0.4, 'aim'],
    [low, 0.41, 'must'],
    [low, 0.6, 'must'],
    [low, 0.61, 'missed'],
    [high, 80, 'aim'],
    [high, 79, 'must'],
    [high, 40, 'must'],
    [high, 39, 'missed'],
  ] as const)('holds %j against %d: %s', (bar, value, verdict) => {
    expect(judge(bar, value)).toBe(verdict);
  });

  test.each(Object.entries(bars))(
    'whoever reaches the aim of %s has done what it must',
    (_, bar) => {
      expect(judge(bar, bar.aim)).toBe('aim');
      expect(judge(bar, bar.must)).not.toBe('missed');
    },
  );
});

describe('barTable', () => {
  const findings = {
    convergedToPssh: { value: 0.612 },
    memory50: { value: 71, note: 'of two' },
    ansibleWall: { missing: 'no ansible here' },
  } as const;
  const rows = barTable(findings);
  const rowOf = (what: string) => rows.find(([name]) => name === what);

  test('has a row for each bar', () => {
    expect(rows).toHaveLength(1 + Object.keys(bars).length);
  });

  test('says whether a bar is met', () => {
    expect(rowOf(low.what)).toEqual([low.what, '≤ 0.6', '0.4', '0.612', '**no**']);
    expect(rowOf(bars.memory50.what)?.slice(1)).toEqual([
      ...['≤ 90 MB', '70 MB', '71 MB (of two)', 'yes'],
    ]);
  });

  test('has no figure for what was not measured, but a reason', () => {
    expect(rowOf(high.what)?.slice(1)).toEqual(['≥ 40', '80', 'not measured: no ansible here', '']);
    expect(rowOf(bars.growth.what)?.[3]).toBe('not measured: not part of this run');
  });

  test('is told apart from what is missed', () => {
    expect(missedBars(findings)).toEqual(['convergedToPssh']);
  });
});
