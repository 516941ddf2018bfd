import type { Family } from '../../src/inventory/model.ts';
import { holds } from '../../src/xen/firewall-address.ts';
import type { Packet } from './packet-model.ts';

type Verdict = 'accept' | 'drop' | 'return';

/** What nft does with a packet, for the words that our rules are made of; throws on others. */
export function nftVerdict(
  chains: ReadonlyMap<string, readonly string[]>,
  name: string,
  packet: Packet,
  family: Family,
): Verdict {
  for (const rule of chains.get(name) ?? []) {
    const target = matchedTarget(rule, packet, family);
    if (target === null || target === 'log') continue;
    if (target === 'accept' || target === 'drop' || target === 'return') return target;
    const result = nftVerdict(chains, target, packet, family);
    if (result !== 'return') return result;
  }
  return 'return';
}

/** How each pair of words compares its value. */
const matches: Readonly<
  Record<string, (packet: Packet, value: string, family: Family) => boolean>
> = {
  'iifname ': ({ iif }, value) => isNamed(iif, value),
  'oifname ': ({ oif }, value) => isNamed(oif, value),
  'ip saddr': ({ src }, value, family) => family === 4 && isIn(src, value),
  'ip daddr': ({ dst }, value, family) => family === 4 && isIn(dst, value),
  'ip6 saddr': ({ src }, value, family) => family === 6 && isIn(src, value),
  'ip6 daddr': ({ dst }, value, family) => family === 6 && isIn(dst, value),
  'meta nfproto': (_, value, family) => value === `ipv${family}`,
  'meta l4proto': ({ proto }, value, family) =>
    value === (proto === 'icmp' && family === 6 ? 'ipv6-icmp' : proto),
  'tcp sport': ({ proto, sport }, value) => proto === 'tcp' && hasPort(sport, value),
  'tcp dport': ({ proto, dport }, value) => proto === 'tcp' && hasPort(dport, value),
  'udp sport': ({ proto, sport }, value) => proto === 'udp' && hasPort(sport, value),
  'udp dport': ({ proto, dport }, value) => proto === 'udp' && hasPort(dport, value),
  'icmp type': ({ proto, icmpType }, value, family) =>
    family === 4 && proto === 'icmp' && isType(icmpType, value),
  'icmp code': ({ icmpType }, value) => value === 'frag-needed' && icmpType === '3/4',
  'icmpv6 type': ({ proto, icmpType }, value, family) =>
    family === 6 && proto === 'icmp' && isType(icmpType, value),
  'ct state': ({ state }, value) => value.split(',').includes(state.toLowerCase()),
  'fib saddr . iif oif': ({ isAstray }, value) => isAstray && value === 'missing',
  'limit rate': () => true,
};

const types: Readonly<Record<string, string>> = {
  'destination-unreachable': '3',
  'packet-too-big': '2',
  'nd-router-solicit': '133',
  'nd-router-advert': '134',
  'nd-neighbor-solicit': '135',
  'nd-neighbor-advert': '136',
};

function matchedTarget(text: string, packet: Packet, family: Family): string | null {
  let rest = text.replace(/ comment "[^"]*"$/, '');
  let isMatch = true;
  for (;;) {
    const target = /^(?:(accept|drop|return)$|jump (\S+)$|(log) prefix "[^"]*"$)/.exec(rest);
    if (target !== null) return isMatch ? (target[1] ?? target[2] ?? target[3] ?? null) : null;
    const key = Object.keys(matches).find((words) => rest.startsWith(`${words.trim()} `));
    const match = matches[key ?? ''];
    if (key === undefined || match === undefined)
      throw new Error(`unknown word in ${text}: ${rest}`);
    rest = rest.slice(key.trim().length + 1);
    const value = /^(?:\{[^}]*\}|"[^"]*"|\S+)/.exec(rest)?.[0] ?? '';
    rest = rest.slice(value.length + 1);
    isMatch = match(packet, value, family) && isMatch;
  }
}

const elements = (value: string): readonly string[] => value.replace(/[{} ]/g, '').split(',');

const isNamed = (name: string, value: string): boolean => {
  const wanted = value.replaceAll('"', '');
  return wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted;
};

const isType = (icmpType: string, value: string): boolean =>
  elements(value).some((name) => (types[name] ?? name) === icmpType.split('/')[0]);

/** Networks, addresses, and ranges as whole numbers of the addresses between. */
const isIn = (address: string, value: string): boolean =>
  elements(value).some((element) => {
    const [first = '', last] = element.split('-');
    return last === undefined ? holds(first, address) : isBetween(address, first, last);
  });

function isBetween(address: string, first: string, last: string): boolean {
  const [a, b, c] = [first, address, last].map(numberOf);
  return a !== undefined && b !== undefined && c !== undefined && a <= b && b <= c;
}

/** By the kernel's own order: the bytes, here of addresses that node writes out. */
function numberOf(address: string): bigint {
  if (!address.includes(':')) {
    return address.split('.').reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
  }
  const [head = '', tail = ''] = address.split('::');
  const words = (part: string) => part.split(':').filter((word) => word !== '');
  const missing = 8 - words(head).length - words(tail).length;
  return [...words(head), ...Array.from({ length: missing }, () => '0'), ...words(tail)].reduce(
    (sum, word) => sum * 65_536n + BigInt(`0x${word}`),
    0n,
  );
}

const hasPort = (port: number, value: string): boolean =>
  elements(value).some((element) => {
    const [first = 0, last = first] = element.split('-').map(Number);
    return first <= port && port <= last;
  });
