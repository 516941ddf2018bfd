const ASCII = /^[\x20-\x7e]*$/;
// Combining marks, and the vowels and finals of Korean syllables written in parts.
const NO_CELL = /^[\p{Mark}\u1160-\u11ff]$/u;
// What terminals draw two cells wide: East Asian scripts, full-width forms, emoji.
const TWO_CELLS =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1b000}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]|(?!\p{Regional_Indicator})\p{Emoji_Presentation})$/u;

const MOST_UNITS_A_CELL = 8;

/** How many cells of a terminal a printable text of one line takes. */
export function cellWidth(text: string): number {
  if (ASCII.test(text)) return text.length;

  let width = 0;
  for (const character of text) width += cellsOf(character);
  return width;
}

/** The text when it fits, else as much of it as fits with the ellipsis after it. */
export function cutToCells(text: string, cells: number, ellipsis: string): string {
  if (text.length <= cells && ASCII.test(text)) return text;

  // Stops early, and at heaps of combining marks too, which fill no cell but cost time.
  let used = 0;
  let units = 0;
  let kept = '';
  for (const character of text) {
    used += cellsOf(character);
    units += character.length;
    if (used > cells || units > cells * MOST_UNITS_A_CELL) {
      return cells < ellipsis.length ? '' : kept + ellipsis;
    }
    if (used <= cells - ellipsis.length) kept += character;
  }
  return text;
}

/** The text followed by as many spaces as it takes to fill the cells. */
export function padCells(text: string, cells: number): string {
  return text + ' '.repeat(Math.max(0, cells - cellWidth(text)));
}

function cellsOf(character: string): number {
  if (ASCII.test(character)) return 1;
  if (NO_CELL.test(character)) return 0;
  return TWO_CELLS.test(character) ? 2 : 1;
}
