/** Words of a line as Ansible parts them: quotes and templates hold blanks together, and stay. */
export function splitWords(line: string): readonly string[] {
  const words: string[] = [];
  const part =
    /\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}|"(?:[^"\\]|\\[\s\S])*"|'[^']*'|\\[\s\S]|\s+|[\s\S]/g;
  let word: string | null = null;
  for (const [text] of line.matchAll(part)) {
    if (/^\s+$/.test(text)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + text;
  }
  if (word !== null) words.push(word);
  return words;
}

/** A word without the quotes around it. */
export function unquoted(word: string): string {
  const [, quote, inner = ''] = /^(["'])([\s\S]*)\1$/.exec(word) ?? [];
  if (quote === undefined) return word;
  return quote === '"' ? inner.replace(/\\(["\\])/g, '$1') : inner;
}

/** The words of a command as a shell parts them, without quotes. */
export function commandWords(line: string): readonly string[] {
  return splitWords(line).map((word) => {
    const part = /\{\{[\s\S]*?\}\}|"(?:[^"\\]|\\[\s\S])*"|'[^']*'|\\[\s\S]|[\s\S]/g;
    return [...word.matchAll(part)]
      .map(([text]) => (/^\\./.test(text) ? text.slice(1) : unquoted(text)))
      .join('');
  });
}
