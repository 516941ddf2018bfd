import { splitJoinedLines } from './own-lines.ts';

/** A stanza with the lines up to its last option, or lines between stanzas. */
export interface Block {
  readonly lines: readonly string[];
  /** Words of the first line when it begins a stanza, else empty. */
  readonly head: readonly string[];
}

const stanzaStart =
  /^(?:iface|mapping|template|auto|allow-\S+|no-auto-down|no-scripts|source|source-directory|source-dir|rename)$/;

/** Cuts a file of interfaces(5) into its stanzas and what is between them; no byte is lost. */
export function blocksOf(text: string): readonly Block[] {
  const blocks: { head: readonly string[]; lines: string[]; between: string[] }[] = [];
  for (const line of splitJoinedLines(text)) {
    const words = wordsOf(line);
    const last = blocks.at(-1);
    if (stanzaStart.test(words[0] ?? '')) {
      blocks.push({ head: words, lines: [line], between: [] });
    } else if (last === undefined) {
      blocks.push({ head: [], lines: [], between: [line] });
    } else if (words.length === 0) {
      last.between.push(line);
    } else {
      for (const blank of last.between.splice(0)) last.lines.push(blank);
      last.lines.push(line);
    }
  }
  return blocks.flatMap(({ head, lines, between }) => [
    { head, lines },
    { head: [], lines: between },
  ]);
}

/** Of a line, joined with the next by a backslash at its end; none of a comment. */
export const wordsOf = (line: string): readonly string[] =>
  /^\s*#/.test(line) ? [] : line.replaceAll('\\\n', ' ').split(/\s+/).filter(Boolean);

/** Whether a stanza brings up the interfaces that it names at boot. */
export const isAuto = ({ head: [keyword] }: Block): boolean =>
  keyword === 'auto' || keyword === 'allow-auto';

/** The lines of an `auto` or `allow-...` stanza without some of its interfaces; none when none is left. */
export function withoutNames(block: Block, names: ReadonlySet<string>): readonly string[] {
  const [keyword = '', ...listed] = block.head;
  const left = listed.filter((name) => !names.has(name));
  if (left.length === listed.length) return block.lines;
  return left.length === 0 ? [] : [`${keyword} ${left.join(' ')}\n`];
}
