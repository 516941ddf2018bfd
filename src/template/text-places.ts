import type { Place } from '../source/source-text.ts';

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ...[['0', '\0'] as const, ['a', '\x07'] as const, ['b', '\b'] as const, ['t', '\t'] as const],
  ...[['n', '\n'] as const, ['v', '\v'] as const, ['f', '\f'] as const, ['r', '\r'] as const],
  ...[['e', '\x1b'] as const, ['N', '\x85'] as const, ['_', '\xa0'] as const],
  ...[['L', '\u2028'] as const, ['P', '\u2029'] as const],
]);

/**
 * Where each part of a text was written: the text is the value of the scalar at `place`, or what
 * is written there (a file's). Follows YAML 1.2's quotes, escapes, folds and blocks: what is no
 * blank stands in the value in the order of the file, so that only blanks are uncertain.
 */
export function placesOf(text: string, place: Place): (start: number, end: number) => Place {
  const { source } = place;
  const raw = source.text.slice(place.start, place.end);
  let offsets: readonly number[] | null = null;
  const offsetOf = (at: number): number => {
    if (raw === text) return place.start + at;
    offsets ??= align(text, raw);
    return place.start + (offsets[at] ?? offsets.at(-1) ?? 0);
  };
  return (start, end) => ({
    source,
    start: offsetOf(start),
    end: end > start ? offsetOf(end - 1) + 1 : offsetOf(start),
  });
}

/** For each unit of the text, and its end, its offset in what was written. */
function align(text: string, raw: string): readonly number[] {
  const offsets: number[] = [];
  const isEscaped = raw.startsWith('"');
  const isQuoted = raw.startsWith("'");
  let at = contentStart(raw);
  for (let index = 0; index < text.length; index++) {
    const wanted = text.charAt(index);
    if (isBlank(wanted) && raw.charAt(at) === wanted) {
      offsets.push(at++);
      continue;
    }
    let next = at;
    while (isBlank(raw.charAt(next)) || (isEscaped && raw.startsWith('\\\n', next))) next++;
    const escaped = isEscaped ? escapeAt(raw, next) : null;
    if (escaped?.startsWith(text, index) === true) {
      offsets.push(...Array.from({ length: escaped.length }, () => next));
      index += escaped.length - 1;
      at = next + escaped.written;
    } else if (raw.charAt(next) === wanted) {
      offsets.push(next);
      at = next + (isQuoted && wanted === "'" ? 2 : 1);
    } else offsets.push(Math.min(at, raw.length)); // a blank made by folding
  }
  offsets.push(Math.min(at, raw.length));
  return offsets;
}

function contentStart(raw: string): number {
  if (raw.startsWith('"') || raw.startsWith("'")) return 1;
  return /^[|>]/.test(raw) ? raw.indexOf('\n') + 1 : 0;
}

interface Escape {
  readonly length: number;
  readonly written: number;
  readonly startsWith: (text: string, index: number) => boolean;
}

function escapeAt(raw: string, at: number): Escape | null {
  if (raw.charAt(at) !== '\\') return null;
  const code = /^\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8}))/.exec(
    raw.slice(at, at + 10),
  );
  const digits = code?.[1] ?? code?.[2] ?? code?.[3];
  const letter = raw.charAt(at + 1);
  const meant =
    digits === undefined
      ? (ESCAPES.get(letter) ?? letter)
      : characterOf(Number.parseInt(digits, 16));
  return {
    length: meant.length,
    written: code?.[0].length ?? 2,
    startsWith: (text, index) => text.startsWith(meant, index),
  };
}

function characterOf(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : '';
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\n' || character === '\t';
}
