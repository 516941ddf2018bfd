import type { Diagnostic, Excerpt } from './diagnostic.ts';
import type { Position } from './position.ts';
import { hidden } from './secret.ts';

const LONGEST_EXCERPT = 160;
const CONTEXT_BEFORE = 60;

/** A stretch of a source text, by offsets in UTF-16 units; `end` is exclusive. */
export interface Place {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
}

/** What shows that a line holds a secret, or was meant to. */
const SECRET_TAG = /![a-z]*(?:sec|vau)|password["']?\s*:/i;

/** One text of the user's, and where its lines are. */
export class SourceText {
  readonly file: string;
  readonly text: string;
  /** All of it is: what is wrong in it is told without repeating any of it. */
  readonly isSecret: boolean;
  readonly #concealed: { readonly start: number; readonly end: number }[] = [];
  #lineStarts: readonly number[] | null = null;
  #hasSurrogates: boolean | null = null;

  constructor(file: string, text: string, isSecret = false) {
    this.file = file;
    this.text = text;
    this.isSecret = isSecret;
  }

  /** Lines of this stretch are shown no more. */
  conceal(start: number, end: number): void {
    this.#concealed.push({ start, end });
  }

  /** Line and column, from 1, of an offset. */
  positionAt(offset: number): Position {
    const line = this.#lineAt(offset);
    const start = this.#starts()[line] ?? 0;
    return { file: this.file, line: line + 1, column: this.#characters(start, offset) + 1 };
  }

  /** The line at `start`, with the part of it up to `end` marked; null when nobody is to see it. */
  excerptAt(start: number, end: number): Excerpt | null {
    const line = this.#lineAt(start);
    const lineStart = this.#starts()[line] ?? 0;
    let lineEnd = (this.#starts()[line + 1] ?? this.text.length + 1) - 1;
    if (this.text[lineEnd - 1] === '\r') lineEnd--;
    if (this.isSecret || this.#isConcealed(lineStart, lineEnd)) return null;
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

  #isConcealed(lineStart: number, lineEnd: number): boolean {
    if (SECRET_TAG.test(this.text.slice(lineStart, lineEnd))) return true;
    return this.#concealed.some(({ start, end }) => start <= lineEnd && end > lineStart);
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
  const { source, start, end } = place;
  const isSecret = source.isSecret;
  return {
    position: source.positionAt(start),
    message: isSecret ? withoutValues(message, source.text.slice(start, end)) : message,
    hint: isSecret ? null : hint,
    excerpt: source.excerptAt(start, end),
  };
}

/** A message about a text that is secret: without what it quotes, and without what it is about. */
function withoutValues(message: string, written: string): string {
  const unquoted = message.replace(/"(?:[^"\\]|\\.)*"/g, hidden);
  return written === '' ? unquoted : unquoted.replaceAll(written, hidden);
}

/** `file:line:column` of a place, for messages that name a second one. */
export function placeName(place: Place): string {
  const { file, line, column } = place.source.positionAt(place.start);
  return `${file}:${line}:${column}`;
}
