import { describe, expect, test } from 'vitest';
import { digits, figureOf, interleaved, spread } from './figures.ts';

describe('figureOf', () => {
  test.each([
    [[3], 3],
    [[9, 1, 2], 2],
    [[4, 1, 2, 9], 3],
    [[10, 9, 100], 10],
  ])('finds the middle of %j', (samples, median) => {
    const [least, most] = [Math.min(...samples), Math.max(...samples)];

    expect(figureOf(samples)).toEqual({ median, least, most, runs: samples.length });
  });

  test('has nothing to tell of nothing', () => {
    expect(() => figureOf([])).toThrow(RangeError);
  });
});

describe('digits', () => {
  test.each([
    [0, '0'],
    [0.04567, '0.046'],
    [0.5, '0.5'],
    [1, '1'],
    [1.456, '1.46'],
    [23.45, '23.4'],
    [120, '120'],
    [1240.6, '1241'],
    [-2.5, '-2.5'],
  ])('writes %d as %s', (value, text) => {
    expect(digits(value)).toBe(text);
  });
});

describe('spread', () => {
  test('shows how far runs were apart', () => {
    expect(spread(figureOf([1.5, 1.25, 3]))).toBe('1.5 (1.25 to 3)');
    expect(spread(figureOf([2, 2.0001]))).toBe('2');
  });
});

describe('interleaved', () => {
  test('has each of them begin in turn, and leaves nobody out', () => {
    const rounds = [0, 1, 2, 3].map((round) => interleaved(['a', 'b', 'c'], round).join(''));

    expect(rounds).toEqual(['abc', 'bca', 'cab', 'abc']);
    expect(interleaved([], 5)).toEqual([]);
  });
});
