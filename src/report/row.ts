import { cellWidth, cutToCells } from './cells.ts';
import type { Paint, Style } from './paint.ts';

/** A piece of a row in one style. */
export interface Span {
  readonly text: string;
  readonly style?: Style;
}

/** One row of a terminal, before it is cut and coloured. */
export type Row = readonly Span[];

/** The row as text of at most so many cells; styles are added after cutting, so none is cut. */
export function formatRow(row: Row, cells: number, ellipsis: string, paint: Paint): string {
  let left = cells;
  let text = '';
  for (const span of row) {
    if (left <= 0) break;
    const cut = cutToCells(span.text, left, ellipsis);
    left = cut === span.text ? left - cellWidth(cut) : 0;
    text += span.style === undefined || cut === '' ? cut : paint(span.style, cut);
  }
  return text;
}
