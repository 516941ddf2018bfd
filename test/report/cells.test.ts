import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cellWidth, cutToCells, padCells } from '../../src/report/cells.ts';
import { formatRow } from '../../src/report/row.ts';
import { runs } from '../runs.ts';

describe('cellWidth', () => {
  test.each([
    ['', 0],
    ['xen1', 4],
    ['é', 1],
    ['e\u0301', 1],
    ['日本語', 6],
    ['한글', 4],
    ['ｆｕｌｌ', 8],
    ['🚀', 2],
    ['✔ ok', 4],
    ['…', 1],
  ])('of %j is %i', (text, cells) => {
    expect(cellWidth(text)).toBe(cells);
  });
});

describe('cutToCells', () => {
  test('cuts before a wide character that would stick out', () => {
    expect(cutToCells('日本語', 6, '…')).toBe('日本語');
    expect(cutToCells('日本語', 5, '…')).toBe('日本…');
    expect(cutToCells('日本語', 4, '…')).toBe('日…');
  });

  test('never gives more cells than there are, nor cuts what fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(30), (text, cells) => {
        const cut = cutToCells(text, cells, '...');

        expect(cellWidth(cut)).toBeLessThanOrEqual(cells);
        if (cellWidth(text) <= cells && text.length <= cells * 8) expect(cut).toBe(text);
      }),
      { numRuns: runs() },
    );
  });
});

describe('padCells', () => {
  test('counts cells, not characters', () => {
    expect(padCells('日', 4)).toBe('日  ');
    expect(padCells('xen10', 4)).toBe('xen10');
  });
});

describe('formatRow', () => {
  test('cuts text and never a style', () => {
    const row = [{ text: 'failed', style: 'red' as const }, { text: ' on xen1' }];
    const paint = (style: string, text: string) => `<${style}>${text}</>`;

    expect(formatRow(row, 40, '…', paint)).toBe('<red>failed</> on xen1');
    expect(formatRow(row, 10, '…', paint)).toBe('<red>failed</> on…');
    expect(formatRow(row, 4, '…', paint)).toBe('<red>fai…</>');
  });
});
