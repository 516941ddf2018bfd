/**
 * Names in the inventory's own notation, runs of numbers as ranges: `web[01:12]`, `xen7`. Sorted by
 * what stands around the number, then by the number.
 */
export function compressNames(names: readonly string[]): readonly string[] {
  const numbered = new Map<string, Numbered>();
  const plain: string[] = [];
  for (const name of names) {
    const [, before = '', digits, after = ''] = /^(.*?)(\d{1,9})(\D*)$/.exec(name) ?? [];
    if (digits === undefined) plain.push(name);
    else {
      const key = JSON.stringify([before, digits.length, after]);
      const found = numbered.get(key) ?? { before, after, width: digits.length, numbers: [] };
      found.numbers.push(Number(digits));
      numbered.set(key, found);
    }
  }
  return [...plain, ...[...numbered.values()].flatMap(rangesOf)].toSorted();
}

interface Numbered {
  readonly before: string;
  readonly after: string;
  readonly width: number;
  readonly numbers: number[];
}

/** Two names are shorter than their range. */
const shortestRange = 3;

function rangesOf({ before, after, width, numbers }: Numbered): string[] {
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
    return run.length < shortestRange
      ? run.map((number) => `${before}${digits(number)}${after}`)
      : [`${before}[${digits(first)}:${digits(last)}]${after}`];
  });
}
