const ESCAPE = '\x1b';

/**
 * Just enough of a terminal to see what a display looks like. Knows the sequences that ours may
 * write, and throws at any other control character: nothing else may reach a user's terminal.
 */
export class Terminal {
  readonly #columns: number;
  readonly #rows: number;
  #cells: string[][] = [[]];
  #row = 0;
  #column = 0;
  #rest = '';
  isCursorShown = true;
  isWrapping = true;

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
  }

  /** What the screen shows down to its last text, without the spaces at the ends of rows. */
  get screen(): readonly string[] {
    return withoutEmptyEnd(this.#cells.slice(this.#top).map(shownRow));
  }

  /** As `screen`, with all that can be scrolled back to before it. */
  get history(): readonly string[] {
    return withoutEmptyEnd(this.#cells.map(shownRow));
  }

  write(text: string): void {
    const input = this.#rest + text;
    const pattern = /\r|\n|\P{C}+|\p{Cc}\[(\??)(\d*)([A-Za-z])|(\p{Cc}(?:\[\??\d*)?$)/uy;
    this.#rest = '';
    while (pattern.lastIndex < input.length) {
      const at = pattern.lastIndex;
      const match = pattern.exec(input);
      const first = String.fromCodePoint(input.codePointAt(at) ?? 0);
      const isKnown = first === ESCAPE || /[\r\n\P{C}]/u.test(first);
      if (match === null || !isKnown)
        throw new Error(`unknown: ${JSON.stringify(input.slice(at))}`);
      if (match[4] !== undefined) this.#rest = match[4];
      else if (match[3] !== undefined) this.#sequence(match[1] + match[3], match[2] ?? '');
      else this.#print(match[0]);
    }
  }

  #sequence(name: string, parameter: string): void {
    const isToEnd = parameter === '' || parameter === '0';
    const isKnown = { A: true, G: true, J: isToEnd, K: isToEnd, m: true }[name];
    if (name === '?l' || name === '?h') this.#mode(parameter, name === '?h');
    else if (isKnown !== true) throw new Error(`unknown sequence ${name} ${parameter}`);

    if (name === 'A') this.#row = Math.max(this.#top, this.#row - Number(parameter || 1));
    if (name === 'G') this.#column = Number(parameter || 1) - 1;
    if (name === 'K' || name === 'J') this.#line.length = Math.min(this.#line.length, this.#column);
    if (name === 'J') this.#cells = this.#cells.map((row, at) => (at > this.#row ? [] : row));
  }

  #mode(parameter: string, isOn: boolean): void {
    if (parameter === '25') this.isCursorShown = isOn;
    else if (parameter === '7') this.isWrapping = isOn;
    else throw new Error(`unknown mode ${parameter}`);
  }

  #print(text: string): void {
    if (text === '\r') {
      this.#column = 0;
      return;
    }
    if (text === '\n') {
      this.#down();
      return;
    }

    for (const character of text) {
      if (this.#column === this.#columns && this.isWrapping) {
        this.#down();
        this.#column = 0;
      }
      this.#column = Math.min(this.#column, this.#columns - 1);
      this.#line[this.#column] = character;
      this.#column += 1;
    }
  }

  #down(): void {
    this.#row += 1;
    while (this.#cells.length <= this.#row) this.#cells.push([]);
  }

  get #top(): number {
    return Math.max(0, this.#cells.length - this.#rows);
  }

  get #line(): string[] {
    return this.#cells[this.#row] ?? [];
  }
}

function shownRow(row: readonly (string | undefined)[]): string {
  return Array.from(row, (cell) => cell ?? ' ')
    .join('')
    .trimEnd();
}

function withoutEmptyEnd(rows: readonly string[]): readonly string[] {
  return rows.slice(0, rows.findLastIndex((row) => row !== '') + 1);
}
