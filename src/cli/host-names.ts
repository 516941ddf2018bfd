/**
 * Names in the inventory's own notation, runs of numbers as ranges: `web[01:12]`, `xen7`. Sorted by
 * what stands around the number, then by the number.
 */
export function compressNames(names: readonly string[]): readonly string[] {
  const numbered = new Map<string, Numbered>();
  const pieces: Piece[] = [];
  for (const name of names) {
    const [, before = '', digits, after = ''] = /^(.*?)(\d{1,9})(\D*)$/.exec(name) ?? [];
    if (digits === undefined) pieces.push({ text: name, before: name, number: -1 });
    else {
      const key = JSON.stringify([before, digits.length, after]);
      const found = numbered.get(key) ?? { before, after, width: digits.length, numbers: [] };
      found.numbers.push(Number(digits));
      numbered.set(key, found);
    }
  }
  return [...pieces, ...[...numbered.values()].flatMap(rangesOf)]
    .toSorted(byNumber)
    .map(({ text }) => text);
}

/** A name or a range. */
interface Piece {
  readonly text: string;
  readonly before: string;
  /** Its first one; of a name without, -1. */
  readonly number: number;
}

function byNumber(one: Piece, other: Piece): number {
  if (one.before !== other.before) return one.before < other.before ? -1 : 1;
  return one.number - other.number || (one.text < other.text ? -1 : 1);
}

interface Numbered {
  readonly before: string;
  readonly after: string;
  readonly width: number;
  readonly numbers: number[];
}

/** Two names are shorter than their range. */
const shortestRange = 3;

function rangesOf({ before, after, width, numbers }: Numbered): Piece[] {
  const digits = (number: number) => String(number).padStart(width, '0');
  const runs: number[][] = [];
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run !== undefined && run.at(-1) === number - 1) run.push(number);
    else runs.push([number]);
  }
  return runs.flatMap((run) => {
    const [first = 0] = run;
    const last = run.at(-1) ?? first;
    if (run.length < shortestRange) {
      return run.map((number) => ({ text: `${before}${digits(number)}${after}`, before, number }));
    }
    const text = `${before}[${digits(first)}:${digits(last)}]${after}`;
    return [{ text, before, number: first }];
  });
}
