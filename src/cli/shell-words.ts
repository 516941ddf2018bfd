/**
 * The words of a command line up to the cursor, as a POSIX shell parts them; the last one may be begun or
 * empty. What a shell would put in the place of variables and commands stays as it is written.
 */
export function wordsOfLine(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? '';
    if (quote === null && /\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (quote === null && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else if (character === quote) {
      quote = null;
    } else if (character === '\\' && quote !== "'") {
      at += 1;
      word = (word ?? '') + (line[at] ?? '');
    } else {
      word = (word ?? '') + character;
    }
  }
  return [...words, word ?? ''];
}
