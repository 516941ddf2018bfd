/** What a measurement came to, over all runs of it. */
export interface Figure {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly runs: number;
}

/** Throws `RangeError` when there is nothing to tell. */
export function figureOf(samples: readonly number[]): Figure {
  const sorted = samples.toSorted((a, b) => a - b);
  const [least] = sorted;
  const most = sorted.at(-1);
  if (least === undefined || most === undefined) throw new RangeError('no samples');
  const middle = (sorted.length - 1) / 2;
  const low = sorted[Math.floor(middle)] ?? least;
  const high = sorted[Math.ceil(middle)] ?? most;
  return { median: (low + high) / 2, least, most, runs: sorted.length };
}

/** Three digits that matter, and no more; `1240` stays as it is. */
export function digits(value: number): string {
  const places = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(places, 3)).replace(/(\.\d*?)0+$/, (_, rest: string) => {
    return rest === '.' ? '' : rest;
  });
}

/** `1.2 (1.1 to 1.9)`, or `1.2` when all runs are alike. */
export function spread({ median, least, most }: Figure): string {
  const [low, middle, high] = [least, median, most].map(digits);
  return low === high ? `${middle}` : `${middle} (${low} to ${high})`;
}

/** The contestants in another order each round, so that none always runs when the machine is warm. */
export function interleaved<T>(contestants: readonly T[], round: number): readonly T[] {
  const first = contestants.length === 0 ? 0 : round % contestants.length;
  return [...contestants.slice(first), ...contestants.slice(0, first)];
}
