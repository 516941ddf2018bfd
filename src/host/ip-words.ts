/** Names that `ip` prints, without -N, and the numbers that it prints with it. */
export type Numbers = ReadonlyMap<string, number>;

/** Kinds of routes (linux/rtnetlink.h, RTN_*); the actions of rules without a table are among them. */
const routeTypes: readonly string[] = [
  'unspec',
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
  'nat',
];

/** Who made a route or rule (iproute2, etc/iproute2/rt_protos); `boot` is `ip` itself. */
const protocols = new Map([
  ['1', 'redirect'],
  ['2', 'kernel'],
  ['3', 'boot'],
  ['4', 'static'],
  ['9', 'ra'],
  ['16', 'dhcp'],
]);

const scopes = new Map([
  ['0', 'global'],
  ['200', 'site'],
  ['253', 'link'],
  ['254', 'host'],
  ['255', 'nowhere'],
]);

/** The name of a route's type, by name or number; null when it is neither. */
export function routeType(word: string): string | null {
  const name = /^\d+$/.test(word) ? routeTypes[Number(word)] : word;
  return name !== undefined && routeTypes.includes(name) ? name : null;
}

export function protocolName(word: string): string {
  return protocols.get(word) ?? word;
}

export function scopeName(word: string): string {
  return scopes.get(word) ?? word;
}

/**
 * The tables by name: those that always have one, and lines of rt_tables that came along, marked
 * by `#`, for an `ip` that prints names. As for `ip`, the last line of a name counts.
 */
export function tableNumbers(listing: string): Numbers {
  const names = new Map([
    ['local', 255],
    ['main', 254],
    ['default', 253],
    ['unspec', 0],
  ]);
  for (const line of listing.split('\n')) {
    const match = /^#\s*(0x[\da-f]+|\d+)\s+([^\s#]\S*)/i.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) names.set(match[2], Number(match[1]));
  }
  return names;
}

/** The number of a table, by number or name; -1 for a name that nobody knows. */
export function tableNumber(word: string, tables: Numbers): number {
  return tables.get(word) ?? (/^\d+$/.test(word) ? Number(word) : -1);
}

/** With the length of its prefix, a whole address's too; `all` as it is. */
export function asCidr(address: string): string {
  if (address === 'all' || address.includes('/')) return address;
  return `${address}/${isIpv6(address) ? 128 : 32}`;
}

/** Whether an address or network is of IPv6. */
export function isIpv6(address: string): boolean {
  return address.includes(':');
}

export function splitWords(line: string): string[] {
  return line.split(/\s+/).filter((word) => word !== '');
}
