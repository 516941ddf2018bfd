/** A text that cannot be said to a shell. */
export class QuoteError extends Error {
  override readonly name = 'QuoteError';
}

/**
 * The one way a value enters a program for `sh`: exactly one word, in single quotes (POSIX XCU
 * 2.2.2). Programs are 7-bit, so what is not ASCII is written as octal UTF-8 bytes for `printf`.
 * Throws `QuoteError` on NUL, which no shell word can hold, and on half a surrogate pair, which no
 * byte stands for.
 */
export function quote(word: string): string {
  if (word.includes('\0')) throw new QuoteError('a shell word cannot hold a NUL');
  if (/\p{Surrogate}/u.test(word)) throw new QuoteError('a shell word is made of whole characters');
  if (isSevenBit(word)) return singleQuoted(word);
  return word.replace(/\p{ASCII}+|\P{ASCII}+/gu, (run) =>
    isSevenBit(run) ? singleQuoted(run) : `"$(printf '${octal(run)}')"`,
  );
}

/** Several words, each quoted. */
export function quoteAll(words: readonly string[]): string {
  return words.map(quote).join(' ');
}

/** Whether a text is printable ASCII, tabs and newlines: readable as it is in a program. */
export function isPlainText(text: string): boolean {
  return /^[\t\n\x20-\x7e]*$/.test(text);
}

function isSevenBit(text: string): boolean {
  return /^\p{ASCII}*$/u.test(text);
}

function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function octal(text: string): string {
  return Array.from(Buffer.from(text), (byte) => `\\${byte.toString(8)}`).join('');
}
