import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aligned, wrapped } from '../../src/cli/table.ts';

const rows = [
  ['HOSTS', 'KERNEL', 'INIT', 'WHICH'],
  ['312', '6.1.0-28-amd64', 'systemd', 'web[001:312]'],
  ['2', '6.1.55', 'openrc', 'mail, ns1'],
];

describe('aligned', () => {
  test('stays as it is where there is room for it', () => {
    const text = [
      'HOSTS  KERNEL          INIT     WHICH',
      '312    6.1.0-28-amd64  systemd  web[001:312]',
      '2      6.1.55          openrc   mail, ns1',
      '',
    ].join('\n');

    expect(aligned(rows)).toBe(text);
    expect(aligned(rows, 44)).toBe(text);
  });

  test('goes on below where there is none', () => {
    expect(aligned(rows, 43)).toBe(
      [
        'HOSTS  KERNEL          INIT',
        '       WHICH',
        '312    6.1.0-28-amd64  systemd',
        '       web[001:312]',
        '2      6.1.55          openrc',
        '       mail, ns1',
        '',
      ].join('\n'),
    );
  });

  test('loses no cell at any width, and no line is wider than its cells make it', () => {
    const cell = fc.stringMatching(/^[a-z]{1,9}$/);
    const table = fc
      .integer({ min: 1, max: 5 })
      .chain((size) =>
        fc.array(fc.array(cell, { minLength: size, maxLength: size }), { minLength: 1 }),
      );
    fc.assert(
      fc.property(table, fc.integer({ min: 1, max: 60 }), (cells, width) => {
        const text = aligned(cells, width);

        expect(text.split(/\s+/).filter((word) => word !== '')).toEqual(cells.flat());
        const widest = Math.max(...text.split('\n').map(({ length }) => length));
        // two cells and the blanks between stand in a line at least
        expect(widest).toBeLessThanOrEqual(Math.max(width, 20));
      }),
    );
  });
});

describe('wrapped', () => {
  test('breaks a line at blanks, and goes on under where it is to', () => {
    expect(wrapped('  hint: one two three four', 4, 16)).toBe('  hint: one two\n    three four');
    expect(wrapped('  hint: one two three four', 4, 26)).toBe('  hint: one two three four');
    expect(wrapped('  hint: one', 4, Number.POSITIVE_INFINITY)).toBe('  hint: one');
  });

  test('leaves a word whole that is longer than a line', () => {
    expect(wrapped('  /a/very/long/path and more', 4, 10)).toBe(
      '  /a/very/long/path\n    and\n    more',
    );
    expect(wrapped('  /a/very/long/path', 4, 10)).toBe('  /a/very/long/path');
  });
});
