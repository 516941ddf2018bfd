import type { PortRange } from './model.ts';

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

/** Linux takes source ports from here (net.ipv4.ip_local_port_range). */
const ephemeral: PortRange = { first: 32_768, last: 60_999 };

/** A source port of these ranges; null: any that the system chooses; `privileged`: all of them take root. */
export function localPortFor(
  ranges: readonly PortRange[],
  isRoot: boolean,
): number | null | 'privileged' {
  const merged = normalisePorts(ranges);
  const holdsAll = merged.some(
    ({ first, last }) => first <= ephemeral.first && last >= ephemeral.last,
  );
  if (merged.length === 0 || holdsAll) return null;
  const last = merged.at(-1)?.last ?? 0;
  return last < 1024 && !isRoot ? 'privileged' : last;
}
