const LAST_TWO_DIGIT_CODE = 0xff;
// Cc, Cf, Cs, Co, Cn, and the line and paragraph separators, without tab and line feed.
const UNPRINTABLE = /(?![\t\n])[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * Text that is safe to print: every code point that is not printable, tab or line feed
 * becomes `\xNN` or `\u{...}`. Covers terminal escapes (C0, DEL, C1) and what reorders or hides
 * text (bidirectional and zero-width characters, lone surrogates).
 */
export function escapeControls(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const digits = code.toString(16);
    return code <= LAST_TWO_DIGIT_CODE ? `\\x${digits.padStart(2, '0')}` : `\\u{${digits}}`;
  });
}
