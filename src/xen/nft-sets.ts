import {
  bitsOf,
  formatIp,
  type IpNetwork,
  lastIpOf,
  parseIpNetwork,
} from '../inventory/address.ts';
import type { Family, PortRange } from '../inventory/model.ts';

/**
 * One of these networks (CIDR, of one family, at least one), in the words in which nft lists them: a
 * word alone, or a set. Kernel and tools refuse sets that overlap, and join what touches in those
 * that hold networks (nft 1.0).
 */
export function addressSet(cidrs: readonly string[]): string {
  const networks = [...new Set(cidrs)]
    .flatMap((cidr) => parseIpNetwork(cidr) ?? [])
    .toSorted((a, b) => compare(a.first, b.first) || a.prefix - b.prefix);
  const outer = networks.filter(
    (one, place) => !networks.slice(0, place).some((other) => lastOf(other) >= lastOf(one)),
  );
  const isPlain = outer.every(({ family, prefix }) => prefix === bitsOf(family));
  const ranges = outer.map((one) => ({ ...one, last: lastOf(one) }));
  return setOf((isPlain ? ranges : joined(ranges)).map(rangeText));
}

/** One of these port ranges (sorted, apart, at least one), likewise. */
export function portSet(ranges: readonly PortRange[]): string {
  return setOf(ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)));
}

interface Range {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
}

function joined(ranges: readonly Range[]): readonly Range[] {
  const result: Range[] = [];
  for (const range of ranges) {
    const before = result.at(-1);
    if (before !== undefined && before.last + 1n === range.first) {
      result.splice(-1, 1, { ...before, last: range.last });
    } else {
      result.push(range);
    }
  }
  return result;
}

/** `10.0.0.1`, `10.0.0.0/8`, or `10.0.0.1-10.0.0.9` where no prefix length says it. */
function rangeText({ family, first, last }: Range): string {
  const size = last - first + 1n;
  const hostBits = size.toString(2).length - 1;
  const text = formatIp({ family, number: first });
  if (size === 1n) return text;
  const isNetwork = size === 1n << BigInt(hostBits) && first % size === 0n;
  return isNetwork
    ? `${text}/${bitsOf(family) - hostBits}`
    : `${text}-${formatIp({ family, number: last })}`;
}

function setOf(words: readonly string[]): string {
  const [only = ''] = words;
  return words.length > 1 ? `{ ${words.join(', ')} }` : only;
}

const lastOf = (network: IpNetwork): bigint => lastIpOf(network).number;

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
