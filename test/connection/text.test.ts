import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hostPort, printable, seconds } from '../../src/connection/text.ts';
import { runs } from '../runs.ts';

fc.configureGlobal({ numRuns: runs() });

describe('printable', () => {
  test('lets nothing but printable ASCII through, and not too much of it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        expect(printable(text, 50)).toMatch(/^[\x20-\x7e]{0,503}$/);
      }),
    );
  });

  test.each([
    ['plain', 'plain'],
    ['\u001b]52;c;x\u0007', '\\x1b]52;c;x\\x07'],
    ['a\r\nb', 'a\\x0d\\x0ab'],
    ['\u202eevil\u00e9😀', '\\u{202e}evil\\xe9\\u{1f600}'],
  ])('of %j is %s', (text, expected) => {
    expect(printable(text)).toBe(expected);
  });
});

describe('hostPort', () => {
  test('puts brackets around IPv6', () => {
    expect([hostPort('h', 1), hostPort('::1', 22)]).toEqual(['h:1', '[::1]:22']);
  });
});

describe('seconds', () => {
  test('is short', () => {
    expect([10_000, 1_500, 300].map(seconds)).toEqual(['10 s', '1.5 s', '0.3 s']);
  });
});
