import { isIpv6 } from './ip-words.ts';

/** The network that an address of either family lies in, as `ip` writes it: `10.0.0.0/24`, `2001:db8::/64`. */
export function networkOf(ip: string, prefix: number): string {
  return isIpv6(ip) ? `${network6(ip, prefix)}/${prefix}` : `${network4(ip, prefix)}/${prefix}`;
}

function network4(ip: string, prefix: number): string {
  const mask = prefix === 0 ? 0 : ~0 << (32 - prefix);
  const number = ip.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const network = (number & mask) >>> 0;
  return [24, 16, 8, 0].map((shift) => (network >>> shift) & 0xff).join('.');
}

function network6(ip: string, prefix: number): string {
  const masked = groupsOf(ip).map((group, index) => {
    const bits = Math.min(16, Math.max(0, prefix - index * 16));
    return group & (0xffff << (16 - bits)) & 0xffff;
  });
  return shortest(masked);
}

/** The eight groups of an IPv6 address (RFC 4291, 2.2). */
function groupsOf(ip: string): readonly number[] {
  const plain = ip.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)]
      .map((group) => group.toString(16))
      .join(':'),
  );
  const [head = '', tail] = plain.split('::');
  const parse = (text: string) =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const first = parse(head);
  const last = tail === undefined ? [] : parse(tail);
  const gap = new Array<number>(Math.max(0, 8 - first.length - last.length)).fill(0);
  return [...first, ...gap, ...last];
}

/** The first of the longest runs of zeros is `::` (RFC 5952, 4.2). */
function shortest(groups: readonly number[]): string {
  const text = groups.map((group) => group.toString(16)).join(':');
  const runs = text.match(/\b0(?::0)+\b/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  if (longest === '') return text;
  const place = text.search(new RegExp(`\\b${longest}\\b`));
  const before = text.slice(0, place).replace(/:$/, '');
  const after = text.slice(place + longest.length).replace(/^:/, '');
  return `${before}::${after}`;
}
