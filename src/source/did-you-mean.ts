const LONGEST_WORD = 80;

/**
 * The candidate that a mistyped word most likely meant, or null when none is near.
 * Near: a different case, a beginning of three letters or more, or a few typing slips
 * (Damerau-Levenshtein, optimal string alignment): 1 in up to 4 letters, 2 in up to 8, else 3.
 */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  if (word.length > LONGEST_WORD) return null;
  const lowered = word.toLowerCase();
  let best: string | null = null;
  let bestDistance = allowedSlips(word) + 1;
  const beginnings: string[] = [];
  for (const candidate of candidates) {
    if (candidate === word) continue;
    if (Math.abs(candidate.length - word.length) < bestDistance) {
      const distance = slips(lowered, candidate.toLowerCase(), bestDistance);
      if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
    }
    if (word.length >= 3 && candidate.startsWith(word)) beginnings.push(candidate);
  }
  return best ?? (beginnings.length === 1 ? (beginnings[0] ?? null) : null);
}

/** The hint that goes with `nearest`, or null. */
export function didYouMean(word: string, candidates: Iterable<string>): string | null {
  const meant = nearest(word, candidates);
  return meant === null ? null : `did you mean "${meant}"?`;
}

function allowedSlips(word: string): number {
  if (word.length <= 4) return 1;
  return word.length <= 8 ? 2 : 3;
}

/** How many slips lie between two words, or `limit` when there are that many or more. */
function slips(wholeLeft: string, wholeRight: string, limit: number): number {
  const same = commonBeginning(wholeLeft, wholeRight);
  const left = wholeLeft.slice(same);
  const right = wholeRight.slice(same);
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    let least = row;
    for (let column = 1; column <= right.length; column++) {
      const cost = left[row - 1] === right[column - 1] ? 0 : 1;
      let distance = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + cost,
      );
      const isSwap = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (row > 1 && column > 1 && isSwap) {
        distance = Math.min(distance, (beforePrevious[column - 2] ?? 0) + 1);
      }
      least = Math.min(least, distance);
      current.push(distance);
    }
    // A swap reaches over one row and adds one, so that no later row can be below this one.
    if (least >= limit && Math.min(...previous) >= limit - 1) return limit;
    [beforePrevious, previous] = [previous, current];
  }
  return Math.min(limit, previous[right.length] ?? 0);
}

function commonBeginning(left: string, right: string): number {
  let length = 0;
  while (length < left.length && left[length] === right[length]) length++;
  return length;
}
