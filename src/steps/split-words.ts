/**
 * The words of a line, as a shell takes them that expands nothing: blanks part them, quotes and
 * backslashes keep what they hold (shlex of Python, POSIX mode). null: a quote has no end.
 */
export function splitWords(line: string): readonly string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? '';
    const next = line[at + 1];
    const isEscape = character === '\\' && quote !== "'" && next !== undefined;
    if (isEscape && (quote === null || next === '"' || next === '\\')) {
      word = (word ?? '') + next;
      at++;
    } else if (quote !== null) {
      if (character === quote) quote = null;
      else word = (word ?? '') + character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + character;
  }
  if (quote !== null) return null;
  return word === null ? words : [...words, word];
}
