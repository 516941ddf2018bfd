import { matchesIn } from '../source/matches-in-time.ts';
import { expanded } from './pattern.ts';

export interface ReplaceWish {
  /** Global. */
  readonly expression: RegExp;
  /** Groups in Python's writing: `\1`, `\g<name>`. */
  readonly replacement: string;
  /** One whose group `subsection` is the part that is meant; null: all of the text. */
  readonly section: RegExp | null;
}

/** The expression of the part between two others, null for the ends of the text: `withReplacements` looks only there. */
export function sectionPattern(after: string | null, before: string | null): string | null {
  if (after === null && before === null) return null;
  const inner = after !== null && before !== null ? '[\\s\\S]*?' : '[\\s\\S]*';
  return `${after ?? ''}(?P<subsection>${inner})${before ?? ''}`;
}

/** The text with all matches replaced. As Ansible's replace. Throws SlowPattern. */
export function withReplacements(text: string, wish: ReplaceWish): string {
  const { expression, replacement, section } = wish;
  const [from, to] = section === null ? [0, text.length] : (sectionOf(text, section) ?? [0, 0]);
  const part = text.slice(from, to);
  let made = '';
  let at = 0;
  for (const match of matchesIn([part], expression)[0] ?? []) {
    made += part.slice(at, match.index) + expanded(replacement, match);
    at = match.index + match[0].length;
  }
  return text.slice(0, from) + made + part.slice(at) + text.slice(to);
}

function sectionOf(text: string, section: RegExp): readonly [number, number] | undefined {
  const indexed = new RegExp(section.source, [...new Set([...section.flags, 'd'])].join(''));
  const { subsection } = matchesIn([text], indexed)[0]?.[0]?.indices?.groups ?? {};
  return subsection;
}
