import type { PortRange } from '../inventory/model.ts';
import { normalisePorts } from '../inventory/port-ranges.ts';

/** Ports that one multiport match takes; a range counts as two (iptables-extensions(8)). */
const multiportSlots = 15;

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
