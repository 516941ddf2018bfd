import { describe, expect, test } from 'vitest';
import type { Outcome } from './page.ts';
import { pageOf } from './page.ts';
import { cpuRatio, type Row, rowOf, wallRatio } from './results.ts';

const cost = (wallMs: number, controllerMs: number | null) => ({
  ...{ wallMs, controllerMs, hostsMs: null },
});
const slow = rowOf('slow', 10, [cost(3000, 100), cost(1000, 300), cost(2000, 200)]);
const fast = rowOf('fast', 10, [cost(500, 50)]);
const blind = rowOf('blind', 10, [cost(500, 50), cost(500, null)]);

const outcome = (loads: readonly number[], rows: readonly Row[]): Outcome => ({
  command: 'npm run bench -- --quick',
  date: '2026-01-02',
  machine: [['processor', 'fast, 2 cores']],
  cores: 2,
  loads,
  minutes: 9.7,
  findings: {},
  sections: [{ title: 'Fleets', rows }],
});

describe('rowOf', () => {
  test('counts CPU by host', () => {
    expect(slow.wallSeconds.median).toBe(2);
    expect(slow.controllerMs).toMatchObject({ median: 20, least: 10, most: 30 });
  });

  test('knows no CPU unless all runs do', () => {
    expect(blind.controllerMs).toBeNull();
  });
});

describe('a ratio', () => {
  test('is one of medians', () => {
    expect([wallRatio(slow, fast), cpuRatio(slow, fast)]).toEqual([{ value: 4 }, { value: 4 }]);
  });

  test('is not made up where one of them is missing', () => {
    expect(wallRatio('no pssh', fast)).toEqual({ missing: 'no pssh' });
    expect(wallRatio(slow, 'no pssh')).toEqual({ missing: 'no pssh' });
    expect(cpuRatio(slow, blind)).toHaveProperty('missing');
  });
});

describe('pageOf', () => {
  test('shows command, machine and figures', () => {
    const page = pageOf(outcome([0.3, 1.9], [slow, blind]));

    expect(page).toContain('Written by `npm run bench -- --quick` on 2026-01-02, in 10 min.');
    expect(page).toContain('| slow | 10 | 3 | 2 (1 to 3) | 20 (10 to 30) |  |');
    expect(page).toContain('| blind | 10 | 2 | 0.5 |  |  |');
    expect(page).toContain('| processor | fast, 2 cores |');
  });

  test('warns of figures from a busy machine', () => {
    expect(pageOf(outcome([0.3, 9], [slow]))).not.toContain('other work');
    expect(pageOf(outcome([1.1, 9], [slow]))).toContain('**The machine had other work to do**');
  });
});
