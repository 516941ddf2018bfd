import type { Diagnostic, Excerpt } from './diagnostic.ts';
import type { Position } from './position.ts';

const LONGEST_EXCERPT = 160;
const CONTEXT_BEFORE = 60;

/** A stretch of a source text, by offsets in UTF-16 units; `end` is exclusive. */
export interface Place {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
}

/** One text of the user's, and where its lines are. */
export class SourceText {
  readonly file: string;
  readonly text: string;
  #lineStarts: readonly number[] | null = null;
  #hasSurrogates: boolean | null = null;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  /** Line and column, from 1, of an offset. */
  positionAt(offset: number): Position {
    const line = this.#lineAt(offset);
    const start = this.#starts()[line] ?? 0;
    return { file: this.file, line: line + 1, column: this.#characters(start, offset) + 1 };
  }

  /** The line at `start`, with the part of it up to `end` marked. */
  excerptAt(start: number, end: number): Excerpt {
    const line = this.#lineAt(start);
    const lineStart = this.#starts()[line] ?? 0;
    let lineEnd = (this.#starts()[line + 1] ?? this.text.length + 1) - 1;
    if (this.text[lineEnd - 1] === '\r') lineEnd--;
    const isLong = lineEnd - lineStart > LONGEST_EXCERPT;
    const from = isLong ? this.#whole(Math.max(lineStart, start - CONTEXT_BEFORE)) : lineStart;
    const to = isLong ? this.#whole(Math.min(lineEnd, from + LONGEST_EXCERPT)) : lineEnd;
    const marked = this.text.slice(start, Math.max(start, Math.min(end, to))).trimEnd();
    return {
      text: this.text.slice(from, to),
      column: this.#characters(from, start) + 1,
      length: Math.max(1, [...marked].length),
    };
  }

  #lineAt(offset: number): number {
    const starts = this.#starts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #starts(): readonly number[] {
    if (this.#lineStarts === null) {
      const starts = [0];
      for (let at = this.text.indexOf('\n'); at !== -1; at = this.text.indexOf('\n', at + 1)) {
        starts.push(at + 1);
      }
      this.#lineStarts = starts;
    }
    return this.#lineStarts;
  }

  /** Characters between two offsets: code points, where the text has any beyond UTF-16's first plane. */
  #characters(start: number, end: number): number {
    this.#hasSurrogates ??= /[\ud800-\udfff]/.test(this.text);
    return this.#hasSurrogates ? [...this.text.slice(start, end)].length : Math.max(0, end - start);
  }

  /** The offset, or the one before when it would cut a character in two. */
  #whole(offset: number): number {
    const code = this.text.charCodeAt(offset);
    return code >= 0xdc00 && code <= 0xdfff ? offset - 1 : offset;
  }
}

/** Says what is wrong at a place. */
export function diagnosticAt(
  place: Place,
  message: string,
  hint: string | null = null,
): Diagnostic {
  return {
    position: place.source.positionAt(place.start),
    message,
    hint,
    excerpt: place.source.excerptAt(place.start, place.end),
  };
}

/** `file:line:column` of a place, for messages that name a second one. */
export function placeName(place: Place): string {
  const { file, line, column } = place.source.positionAt(place.start);
  return `${file}:${line}:${column}`;
}
