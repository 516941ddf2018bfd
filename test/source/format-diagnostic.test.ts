import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '../../src/source/format-diagnostic.ts';
import { diagnosticAt, SourceText } from '../../src/source/source-text.ts';
import { runs } from '../runs.ts';

function format(text: string, part: string, message = 'wrong', hint: string | null = null): string {
  const source = new SourceText('a.yaml', text);
  const start = text.indexOf(part);
  return formatDiagnostic(diagnosticAt({ source, start, end: start + part.length }, message, hint));
}

describe('formatDiagnostic', () => {
  test('names the place, shows the line, marks the part and gives the hint', () => {
    expect(format('one\n  two: three\n', 'three', 'not a number', 'write 3')).toBe(
      'a.yaml:2:8: not a number\n    two: three\n         ^~~~~\n  hint: write 3',
    );
  });

  test('a part that goes on over lines is marked to the end of the first', () => {
    expect(format('a: [1,\n  2]\n', '[1,\n  2]')).toBe('a.yaml:1:4: wrong\n  a: [1,\n     ^~~');
  });

  test('tabs before the part are kept so that the caret stands under it', () => {
    expect(format('\ta\tb', 'b')).toBe('a.yaml:1:4: wrong\n  \ta\tb\n  \t \t^');
  });

  test('characters outside the first plane count as one', () => {
    expect(format('🐚🐚 x', 'x')).toBe('a.yaml:1:4: wrong\n  🐚🐚 x\n     ^');
  });

  test('escaped characters take their room in the caret line', () => {
    expect(format('\x1b[1m bad', 'bad')).toBe('a.yaml:1:6: wrong\n  \\x1b[1m bad\n          ^~~');
  });

  test('of a very long line it shows the piece around the part, and the true column', () => {
    const shown = format(`${'x'.repeat(5000)}BAD${'y'.repeat(5000)}`, 'BAD').split('\n');

    expect(shown[0]).toBe('a.yaml:1:5001: wrong');
    expect(shown[1]).toMatch(/^ {2}x{60}BADy{97}$/);
    expect(shown[2]).toBe(`  ${' '.repeat(60)}^~~`);
  });

  test('without a place there is the message only', () => {
    const whole = { position: null, message: 'no such file', hint: null, excerpt: null };

    expect(formatDiagnostic(whole)).toBe('no such file');
  });

  test('the marked part stands under the caret, whatever the text', () => {
    const word = fc.string({ unit: 'binary', maxLength: 40 });
    fc.assert(
      fc.property(word, fc.stringMatching(/^[a-z]{1,9}$/), word, (before, part, after) => {
        fc.pre(!/[\n\t]/.test(before + after));
        const source = new SourceText('f', before + part + after);
        const place = { source, start: before.length, end: before.length + part.length };

        const [, line = '', caret = ''] = formatDiagnostic(diagnosticAt(place, 'm')).split('\n');

        const from = [...caret].indexOf('^');
        expect([...line].slice(from, [...caret].length).join('')).toBe(part);
      }),
      { numRuns: runs() },
    );
  });
});
