import { type LinePlace, placeIn } from './line-edit.ts';
import { linesOf, textOf, withInserted } from './lines.ts';

export interface BlockWish {
  /** The lines around the block. */
  readonly begin: string;
  readonly end: string;
  /** null: no block at all. */
  readonly lines: readonly string[] | null;
  readonly place: LinePlace;
}

/**
 * The text with the block between its markers, where it is or else at its place; or what is wrong with
 * the markers. All other lines stay byte for byte. Throws SlowPattern.
 */
export function withBlock(
  text: string,
  { begin, end, lines: wanted, place }: BlockWish,
): { readonly text: string } | { readonly problem: string } {
  const lines = linesOf(text);
  const last = lines.findLastIndex((line) => line.text === end);
  const first = lines.slice(0, Math.max(last, 0)).findLastIndex((line) => line.text === begin);
  if (first === -1) {
    const stray = lines.find((line) => line.text === begin || line.text === end);
    if (stray !== undefined) {
      const [there, missing] = stray.text === begin ? [begin, end] : [end, begin];
      return { problem: `it has the line "${there}", but no "${missing}" that belongs to it` };
    }
    if (wanted === null) return { text };
    return {
      text: textOf(withInserted(lines, placeIn(lines, place, false), [begin, ...wanted, end])),
    };
  }
  const inner = lines.slice(first + 1, last).map((line) => line.text);
  const isSame = wanted?.length === inner.length && wanted.every((one, at) => one === inner[at]);
  if (isSame) return { text };
  if (wanted === null) return { text: textOf(lines.toSpliced(first, last + 1 - first)) };
  // the markers stay as they are, at the end of the text without a newline too
  const kept = lines.toSpliced(first + 1, last - first - 1);
  return { text: textOf(withInserted(kept, first + 1, wanted)) };
}
