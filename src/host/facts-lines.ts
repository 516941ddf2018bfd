/** What facts.sh printed: texts by word, in its order. */
export interface Lines {
  /** All texts of a word. */
  readonly all: (word: string) => readonly string[];
  /** The first text of a word; null without. */
  readonly first: (word: string) => string | null;
  /** Whether the host said `has:WORD`. */
  readonly has: (word: string) => boolean;
}

/** Of one word, so that no host costs more memory than it is worth. */
const mostLines = 200_000;

/** Longer texts are none of what is looked for. */
const longestText = 4096;

/** Reads lines `WORD:TEXT`; others are noise. */
export function parseLines(text: string): Lines {
  const found = new Map<string, string[]>();
  for (const line of text.split('\n', mostLines)) {
    const colon = line.indexOf(':');
    if (colon < 0 || line.length - colon > longestText) continue;
    const word = line.slice(0, colon);
    const texts = found.get(word);
    if (texts === undefined) found.set(word, [line.slice(colon + 1)]);
    else texts.push(line.slice(colon + 1));
  }
  const all = (word: string): readonly string[] => found.get(word) ?? [];
  const has = new Set(all('has'));
  return { all, first: (word) => all(word)[0] ?? null, has: (word) => has.has(word) };
}

/** A word of the host that people will read: its first blank-separated part, at most 64 characters; null when empty. */
export function shortWord(text: string | null | undefined): string | null {
  const word = text?.trim().split(/\s/, 1)[0]?.slice(0, 64) ?? '';
  return word === '' ? null : word;
}
