import { cutMark, hidden } from '../source/secret.ts';
import { formsOf, type Needle, partsOf } from './forms.ts';
import { squeeze, withoutNoise } from './squeeze.ts';

/** Shorter values are refused: they would be found everywhere. */
export const shortestSecret = 4;

/** Whether too little of it is left without quotes and blanks to know it again. */
export function isTooShort(value: string): boolean {
  return withoutNoise(value).length < shortestSecret;
}

/** A text has one or two; more are a host's own words, and take time. */
const mostCuts = 16;

/** Knows the values that were revealed, and takes them out of every text that leaves. */
export class Redactor {
  readonly #needles = new Map<string, Needle>();
  readonly #squeezed = new Set<string>();
  #longest = 0;

  /** From now on this value is taken out, in all its forms. */
  add(value: string): void {
    if (isTooShort(value)) return;
    for (const part of partsOf(value)) {
      for (const form of [withoutNoise(part), squeeze(part).text]) {
        if (form.length >= shortestSecret) this.#squeezed.add(form);
      }
    }
    for (const needle of formsOf(value)) {
      const known = this.#needles.get(needle.text);
      if (known === undefined || needle.isBase64) this.#needles.set(needle.text, needle);
      this.#longest = Math.max(this.#longest, needle.text.length);
    }
  }

  /** The text with `***` for each stretch that shows a value, or a part of one where it was cut. */
  redact(text: string): string {
    if (this.#needles.size === 0 || text.length < shortestSecret) return text;
    const ranges = [
      ...this.#rangesIn(text),
      ...this.#brokenRanges(text),
      ...this.#quotedRanges(text),
      ...placesIn(text, cutMark)
        .slice(-mostCuts)
        .flatMap((end) => this.#cutRange(text, end)),
    ];
    return ranges.length === 0 ? text : without(text, ranges);
  }

  /** Whether the text shows a value. */
  finds(text: string): boolean {
    return this.redact(text) !== text;
  }

  #rangesIn(text: string): Range[] {
    const ranges: Range[] = [];
    for (const { text: needle, isBase64 } of this.#needles.values()) {
      for (const at of placesIn(text, needle)) {
        const end = at + needle.length;
        ranges.push(isBase64 ? widened(text, at, end) : [at, end]);
      }
    }
    return ranges;
  }

  /** Encoders break their output into lines. */
  #brokenRanges(text: string): Range[] {
    if (!text.includes('\n')) return [];
    const offsets: number[] = [];
    let joined = '';
    let offset = 0;
    for (const line of text.split('\n')) {
      const bare = line.trim();
      const start = offset + line.length - line.trimStart().length;
      for (let index = 0; index < bare.length; index++) offsets.push(start + index);
      joined += bare;
      offset += line.length + 1;
    }
    return this.#rangesIn(joined).flatMap(([start, end]): Range[] => {
      const [from, to] = [offsets[start], offsets[end - 1]];
      return from === undefined || to === undefined ? [] : [[from, to + 1]];
    });
  }

  /** Whatever quoting a program has chosen. */
  #quotedRanges(text: string): Range[] {
    const { text: squeezed, starts, ends } = squeeze(text);
    return [...this.#squeezed].flatMap((needle) =>
      placesIn(squeezed, needle).flatMap((at): Range[] => {
        const [from, to] = [starts[at], ends[at + needle.length - 1]];
        return from === undefined || to === undefined ? [] : [[from, to]];
      }),
    );
  }

  /** What may be the beginning of a value, before the place where an output was cut off. */
  #cutRange(text: string, end: number): Range[] {
    // blanks and quotes make a value longer than any form of it
    const start = Math.max(0, end - 8 * this.#longest);
    const { text: squeezed, starts } = squeeze(text.slice(start, end));
    const asWritten = this.#cutLength(text.slice(start, end), this.#needles.keys());
    const meant = this.#cutLength(squeezed, [...this.#squeezed, ...this.#bareNeedles()]);
    const from = Math.min(
      asWritten === 0 ? end : end - asWritten,
      meant === 0 ? end : start + (starts[squeezed.length - meant] ?? 0),
    );
    return from === end ? [] : [[from, end]];
  }

  /** As they are in an output whose blanks and line ends are gone. */
  #bareNeedles(): readonly string[] {
    return [...this.#needles.keys()].map(withoutNoise);
  }

  /** How many characters at the end of a text a value may begin with; fewer than four tell nothing. */
  #cutLength(text: string, values: Iterable<string>): number {
    let longest = 0;
    for (const value of values) {
      for (let length = Math.min(value.length, text.length); length > longest; length--) {
        if (length < shortestSecret) break;
        if (text.endsWith(value.slice(0, length))) longest = length;
      }
    }
    return longest;
  }
}

function placesIn(text: string, needle: string): readonly number[] {
  const places: number[] = [];
  for (let at = text.indexOf(needle); at !== -1; at = text.indexOf(needle, at + 1)) places.push(at);
  return places;
}

type Range = readonly [start: number, end: number];

/** The characters beside it may hold some bits of the value. */
function widened(text: string, start: number, end: number): Range {
  const isCoded = (at: number): boolean => /[\w+/=-]/.test(text[at] ?? '');
  let to = end;
  while (to < end + 3 && isCoded(to)) to++;
  return [isCoded(start - 1) ? start - 1 : start, to];
}

function without(text: string, ranges: readonly Range[]): string {
  let clean = '';
  let at = 0;
  for (const [start, end] of ranges.toSorted((left, right) => left[0] - right[0])) {
    if (start >= at) clean += `${text.slice(at, start)}${hidden}`;
    at = Math.max(at, end);
  }
  return clean + text.slice(at);
}
