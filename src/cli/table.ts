import { cellWidth, padCells } from '../report/cells.ts';

/** Rows of cells as lines, each column as wide as its widest cell. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((width, row) => Math.max(width, cellWidth(row[column] ?? '')), 0),
  );
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => padCells(cell, widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
