import { cellWidth, padCells } from '../report/cells.ts';

type Rows = readonly (readonly string[])[];

const gap = '  ';

/**
 * Rows of cells as lines, each column as wide as its widest cell. A table that is wider than `columns`
 * gets more than one line a row: what does not fit goes on below, to the right of the first column.
 */
export function aligned(rows: Rows, columns = Number.POSITIVE_INFINITY): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((width, row) => Math.max(width, cellWidth(row[column] ?? '')), 0),
  );
  const lines = linesOf(widths, columns);
  const indent = ' '.repeat((widths[0] ?? 0) + gap.length);
  const lineOf = (row: readonly string[], line: readonly number[]): string =>
    line
      .map((column) => padCells(row[column] ?? '', widths[column] ?? 0))
      .join(gap)
      .trimEnd();
  return rows
    .flatMap((row) =>
      lines.map((line, index) => `${index === 0 ? '' : indent}${lineOf(row, line)}`),
    )
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

/** Which columns stand on which line of a row. */
function linesOf(widths: readonly number[], columns: number): readonly (readonly number[])[] {
  const indent = (widths[0] ?? 0) + gap.length;
  const lines: number[][] = [[]];
  let used = 0;
  for (const [column, width] of widths.entries()) {
    const line = lines.at(-1) ?? [];
    // the first column never stands alone
    const isFull = used + width > columns && line.length > (lines.length === 1 ? 1 : 0);
    if (isFull) lines.push([column]);
    else line.push(column);
    used = (isFull ? indent : used) + width + gap.length;
  }
  return lines;
}

/** A line as several of at most `columns`, broken at blanks; those behind the first begin with `indent`. */
export function wrapped(line: string, indent: number, columns: number): string {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > columns) {
    const last = rest.lastIndexOf(' ', columns);
    // a word that is longer than a line stays whole
    const end = last > indent ? last : rest.indexOf(' ', columns);
    if (end < 0) break;
    lines.push(rest.slice(0, end).trimEnd());
    rest = `${' '.repeat(indent)}${rest.slice(end + 1)}`;
  }
  return [...lines, rest].join('\n');
}
