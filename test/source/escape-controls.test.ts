import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeControls } from '../../src/source/escape-controls.ts';
import { runs } from '../runs.ts';

const HIDDEN_OR_REORDERING = [
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2066, 0x2069],
  [0xfeff, 0xfeff],
  [0xd800, 0xdfff],
  [0xe0000, 0xe007f],
] as const;

function isControl(code: number): boolean {
  return (code < 0x20 && code !== 0x09 && code !== 0x0a) || (code >= 0x7f && code <= 0x9f);
}

describe('escapeControls', () => {
  test('of all code points, controls and what hides or reorders text become visible', () => {
    for (let code = 0; code <= 0x10ffff; code++) {
      const isHidden = HIDDEN_OR_REORDERING.some(([first, last]) => code >= first && code <= last);
      if (!isControl(code) && !isHidden) continue;
      const digits = code.toString(16);
      const visible = code <= 0xff ? `\\x${digits.padStart(2, '0')}` : `\\u{${digits}}`;

      const escaped = escapeControls(String.fromCodePoint(code));

      if (escaped !== visible) expect.fail(`U+${digits} became ${JSON.stringify(escaped)}`);
    }
  });

  test('printable text, tabs and line feeds stay', () => {
    const text = 'a\tb\n"q" \\ ~ ä ß 漢字 Ж 🐚 é';

    expect(escapeControls(text)).toBe(text);
  });

  test('a clipboard write, a cursor move and a rewritten line cannot leave it', () => {
    expect(escapeControls('\x1b]52;c;aGk=\x07 \x9b2J FAILED\rok')).toBe(
      '\\x1b]52;c;aGk=\\x07 \\x9b2J FAILED\\x0dok',
    );
  });

  test('escaping twice changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = escapeControls(text);

        expect(escapeControls(once)).toBe(once);
      }),
      { numRuns: runs() },
    );
  });
});
