import {
  bitsOf,
  formatIp,
  type IpNetwork,
  lastIpOf,
  parseIpNetwork,
} from '../inventory/address.ts';
import type { PortRange } from '../inventory/model.ts';

/**
 * Words that together match the addresses of these networks (CIDR, of one family, at least one), as
 * nft lists them: one set of single addresses, and each network by itself.
 *
 * Sets hold no networks and no ranges: the kernel keeps such sets in a tree, and while a ruleset is
 * swapped for another one, packets miss what is in it (Linux 6.18: one of some 5,000 at 20 swaps a
 * second; none with sets of single values).
 */
export function addressWords(cidrs: readonly string[]): readonly string[] {
  const networks = [...new Set(cidrs)]
    .flatMap((cidr) => parseIpNetwork(cidr) ?? [])
    .toSorted((a, b) => compare(a.first, b.first) || a.prefix - b.prefix);
  const outer = networks.filter(
    (one, place) => !networks.slice(0, place).some((other) => lastOf(other) >= lastOf(one)),
  );
  const isSingle = ({ family, prefix }: IpNetwork): boolean => prefix === bitsOf(family);
  const text = ({ family, first }: IpNetwork): string => formatIp({ family, number: first });
  return [
    ...setOf(outer.filter(isSingle).map(text)),
    ...outer.filter((one) => !isSingle(one)).map((one) => `${text(one)}/${one.prefix}`),
  ];
}

/** Ranges of so few ports are said port by port, in the set. */
const shortRange = 8;

/** Words that together match these port ranges (sorted, apart, at least one), likewise. */
export function portWords(ranges: readonly PortRange[]): readonly string[] {
  const isShort = ({ first, last }: PortRange): boolean => last - first < shortRange;
  const singles = ranges
    .filter(isShort)
    .flatMap(({ first, last }) =>
      Array.from({ length: last - first + 1 }, (_, place) => `${first + place}`),
    );
  const long = ranges.filter((range) => !isShort(range));
  return [...setOf(singles), ...long.map(({ first, last }) => `${first}-${last}`)];
}

function setOf(words: readonly string[]): readonly string[] {
  return words.length > 1 ? [`{ ${words.join(', ')} }`] : words;
}

const lastOf = (network: IpNetwork): bigint => lastIpOf(network).number;

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
