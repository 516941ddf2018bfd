import { performance } from 'node:perf_hooks';
import { stripVTControlCharacters } from 'node:util';
import { cellWidth } from './cells.ts';
import type { Outlet } from './outlet.ts';
import type { Paint } from './paint.ts';
import { formatRow, type Row } from './row.ts';
import { guardTerminal } from './terminal-guard.ts';

export interface ScreenSize {
  readonly columns: number;
  /** How many rows may be taken. */
  readonly rows: number;
}

/** What the screen draws: asked for at most once a frame. */
export type Compose = (size: ScreenSize) => readonly Row[];

const FRAME_MS = 1000 / 8;
const MOST_ROWS = 20;
// Of a terminal that doesn't say.
const FALLBACK_COLUMNS = 80;
const FALLBACK_ROWS = 24;
// Rows that stay free: what the user typed before, and the prompt.
const FREE_ROWS = 2;
// Untouched rows are not rewritten, but for every so many frames: who knows what else was printed.
const FRAMES_BETWEEN_FULL = 16;

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
// Rows may be measured wrongly (emoji, odd fonts): without wrapping they still stay one row each.
const WRAP_OFF = '\x1b[?7l';
const WRAP_ON = '\x1b[?7h';
const ERASE_BELOW = '\x1b[J';
const ERASE_REST_OF_ROW = '\x1b[K';

/** Rows at the bottom of a terminal that are redrawn in place; lines printed above them stay. */
export class Screen {
  readonly #outlet: Outlet;
  readonly #compose: Compose;
  readonly #paint: Paint;
  readonly #ellipsis: string;
  readonly #release: () => void;
  readonly #onResize = () => this.#resized();
  #painted: readonly string[] = [];
  /** Rows that what is painted takes, after the terminal wrapped it anew. */
  #height = 0;
  #above: string[] = [];
  #timer: NodeJS.Timeout | null = null;
  #lastFrameMs = Number.NEGATIVE_INFINITY;
  #framesUntilFull = 0;
  /** What is painted is no longer where it was. */
  #isStale = false;
  #isClosed = false;

  constructor(outlet: Outlet, compose: Compose, paint: Paint, ellipsis: string) {
    this.#outlet = outlet;
    this.#compose = compose;
    this.#paint = paint;
    this.#ellipsis = ellipsis;
    this.#release = guardTerminal({
      leave: () => this.#outlet.writeNow(this.#farewell()),
      comeBack: () => this.change(),
    });
    outlet.stream.on('resize', this.#onResize);
  }

  /** Lines that stay, above the rows; seen with the next frame. */
  print(text: string): void {
    for (const line of text.split('\n')) this.#above.push(line);
    this.change();
  }

  /** Something changed: a frame is due, soon. */
  change(): void {
    if (this.#isClosed || this.#timer !== null) return;
    const due = this.#lastFrameMs + FRAME_MS - performance.now();
    this.#timer = setTimeout(() => this.#frame(), Math.max(0, due)).unref();
  }

  /** Erases the rows, prints what is still to be printed, and shows the cursor again. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#outlet.stream.off('resize', this.#onResize);
    this.#release();
    this.#outlet.write(this.#farewell());
  }

  #frame(): void {
    this.#timer = null;
    this.#lastFrameMs = performance.now();
    // A terminal that doesn't keep up gets fewer frames, never a queue of them.
    if (!this.#outlet.isIdle) {
      this.change();
      return;
    }

    const { columns, rows } = this.#outlet.stream;
    const size = {
      columns: (columns || FALLBACK_COLUMNS) - 1,
      rows: Math.max(0, Math.min(MOST_ROWS, (rows || FALLBACK_ROWS) - FREE_ROWS)),
    };
    const next = this.#compose(size)
      .slice(0, size.rows)
      .map((row) => formatRow(row, size.columns, this.#ellipsis, this.#paint));
    this.#outlet.write(this.#draw(next));
  }

  #draw(next: readonly string[]): string {
    this.#framesUntilFull -= 1;
    const isWhole = this.#isStale || this.#above.length > 0 || next.length === 0;
    const isFull = isWhole || this.#framesUntilFull <= 0;
    if (!isWhole && !isFull && isEqual(next, this.#painted)) return '';

    if (isFull) this.#framesUntilFull = FRAMES_BETWEEN_FULL;
    const top = this.#toTop() + (isWhole ? ERASE_BELOW + this.#takeAbove() : '');
    const rows = next.map((row, index) =>
      !isFull && row === this.#painted[index] ? '' : `${row}${ERASE_REST_OF_ROW}`,
    );
    const isShorter = !isWhole && next.length < this.#painted.length;
    const below = isShorter ? `\r\n${ERASE_BELOW}\x1b[A` : '';
    this.#isStale = false;
    this.#painted = next;
    this.#height = next.length;
    return `${HIDE_CURSOR}${top}${WRAP_OFF}${rows.join('\r\n')}${below}\r${WRAP_ON}`;
  }

  /** The cursor rests at the beginning of the last row: an echoed `^C` must not wrap. */
  #toTop(): string {
    return this.#height > 1 ? `\r\x1b[${this.#height - 1}A` : '\r';
  }

  #takeAbove(): string {
    const lines = this.#above.splice(0);
    return lines.map((line) => `${line}\r\n`).join('');
  }

  #farewell(): string {
    const text = this.#toTop() + ERASE_BELOW + this.#takeAbove() + SHOW_CURSOR;
    this.#painted = [];
    this.#height = 0;
    return text;
  }

  // Most terminals wrap rows that are now too long.
  #resized(): void {
    const columns = this.#outlet.stream.columns || FALLBACK_COLUMNS;
    const rows = this.#outlet.stream.rows || FALLBACK_ROWS;
    const wrapped = this.#painted.reduce(
      (sum, row) =>
        sum + Math.max(1, Math.ceil(cellWidth(stripVTControlCharacters(row)) / columns)),
      0,
    );
    this.#height = Math.min(rows, wrapped);
    this.#isStale = true;
    this.change();
  }
}

function isEqual(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((row, index) => row === other[index]);
}
