import type { PortRange } from '../inventory/model.ts';

/** Ports that one multiport match takes; a range counts as two (iptables-extensions(8)). */
const multiportSlots = 15;

/** Sorted, overlapping and adjacent ranges merged; empty (any port) when all ports are covered. */
export function normalisePorts(ranges: readonly PortRange[]): readonly PortRange[] {
  const merged: PortRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const before = merged.at(-1);
    if (before !== undefined && range.first <= before.last + 1) {
      merged.splice(-1, 1, { first: before.first, last: Math.max(before.last, range.last) });
    } else {
      merged.push(range);
    }
  }
  const [only] = merged;
  return only !== undefined && only.first <= 1 && only.last >= 65535 ? [] : merged;
}

/** Pieces that each fit one match; one empty piece for any port. */
export function portPieces(ranges: readonly PortRange[]): readonly (readonly PortRange[])[] {
  const pieces: PortRange[][] = [[]];
  let used = 0;
  for (const range of normalisePorts(ranges)) {
    const slots = range.first === range.last ? 1 : 2;
    if (used + slots > multiportSlots) {
      pieces.push([]);
      used = 0;
    }
    pieces.at(-1)?.push(range);
    used += slots;
  }
  return pieces;
}

/** `80` or `1024:65535`, as iptables-save prints it. */
export function formatPorts(range: PortRange): string {
  return range.first === range.last ? String(range.first) : `${range.first}:${range.last}`;
}
