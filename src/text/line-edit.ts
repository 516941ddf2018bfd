import { matchesIn } from '../source/matches-in-time.ts';
import { type Line, linesOf, textOf, withInserted, withoutLines, withReplaced } from './lines.ts';
import { expanded } from './pattern.ts';

/** Where a line goes that is not there: behind or before the last (or first) match, or at an end of the text. */
export interface LinePlace {
  readonly side: 'after' | 'before';
  /** null: the end of the text for `after`, its beginning for `before`. */
  readonly at: RegExp | null;
}

/** What tells the lines that are meant: an expression, a text that is in them, or nothing: the line itself. */
export type LineSought = RegExp | string | null;

export interface LineWish {
  readonly line: string;
  readonly sought: LineSought;
  /** Whether `line` has groups of the expression; then nothing is inserted where that is not found. */
  readonly hasGroups: boolean;
  readonly place: LinePlace;
  /** Whether the first match counts, not the last. */
  readonly isFirst: boolean;
}

/** The text with the line; all others stay byte for byte. As Ansible's lineinfile. Throws SlowPattern. */
export function withLine(text: string, wish: LineWish): string {
  const { line, sought, hasGroups, place, isFirst } = wish;
  const lines = linesOf(text);
  const found = sought === null ? [] : finds(lines, sought);
  const [at, match] = (isFirst ? found[0] : found.at(-1)) ?? [];
  if (at !== undefined) {
    const wanted =
      hasGroups && match !== null && match !== undefined ? expanded(line, match) : line;
    return textOf(withReplaced(lines, at, wanted));
  }
  if (hasGroups || lines.some((each) => each.text === line)) return text;
  return textOf(withInserted(lines, placeIn(lines, place, isFirst), [line]));
}

/** The text without the lines that are meant. Throws SlowPattern. */
export function withoutLine(text: string, sought: LineSought, line: string): string {
  const lines = linesOf(text);
  if (sought === null) return textOf(withoutLines(lines, (each) => each === line));
  const gone = new Set(finds(lines, sought).map(([at]) => at));
  return textOf(withoutLines(lines, (_, at) => gone.has(at)));
}

function finds(
  lines: readonly Line[],
  sought: RegExp | string,
): readonly (readonly [number, RegExpExecArray | null])[] {
  const texts = lines.map(({ text }) => text);
  if (typeof sought === 'string') {
    return texts.flatMap((text, at) => (text.includes(sought) ? [[at, null] as const] : []));
  }
  return matchesIn(texts, sought).flatMap(([match], at) =>
    match === undefined ? [] : [[at, match] as const],
  );
}

/** The index that something inserted gets. Throws SlowPattern. */
export function placeIn(lines: readonly Line[], { side, at }: LinePlace, isFirst: boolean): number {
  if (at === null) return side === 'after' ? lines.length : 0;
  const found = finds(lines, at);
  const [index] = (isFirst ? found[0] : found.at(-1)) ?? [];
  if (index === undefined) return lines.length;
  return side === 'after' ? index + 1 : index;
}
