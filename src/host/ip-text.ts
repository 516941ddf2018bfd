import type { NetworkInterface, Route, Rule } from './query.ts';

/** The names that `/etc/iproute2/rt_tables` always knows (iproute2, etc/iproute2/rt_tables). */
const standardTables: readonly (readonly [string, number])[] = [
  ['local', 255],
  ['main', 254],
  ['default', 253],
  ['unspec', 0],
];

/** Words that are state and not configuration: they come and go with the link. */
const volatileWords = new Set(['linkdown', 'dead', 'pervasive', 'offload', 'trap', 'notify']);

/**
 * Parses `ip addr show` (iproute2 and busybox): links with their IPv4 addresses, in its order.
 * A name such as `eth0@if5` is `eth0`.
 */
export function parseInterfaces(text: string): NetworkInterface[] {
  const found: {
    name: string;
    mac: string | null;
    isUp: boolean;
    addresses: { ip: string; prefix: number }[];
  }[] = [];
  for (const line of text.split('\n')) {
    const link = /^\d+: ([^:@\s]+)(?:@\S+)?: <([^>]*)>/.exec(line);
    if (link?.[1] !== undefined) {
      const isUp = (link[2] ?? '').split(',').includes('UP');
      found.push({ name: link[1], mac: null, isUp, addresses: [] });
      continue;
    }
    const current = found.at(-1);
    if (current === undefined) continue;
    const mac = /^\s+link\/ether ([0-9a-f:]{17})/i.exec(line)?.[1];
    if (mac !== undefined) current.mac = mac.toLowerCase();
    const address = /^\s+inet ([\d.]+)(?: peer \S+?)?(?:\/(\d+))?\s/.exec(`${line} `);
    if (address?.[1] !== undefined) {
      current.addresses.push({ ip: address[1], prefix: Number(address[2] ?? 32) });
    }
  }
  return found;
}

/** Parses `ip rule show`, numeric or with names (busybox, old iproute2), double spaces or not. */
export function parseRules(text: string): Rule[] {
  const tables = tableNames(text);
  return text.split('\n').flatMap((line) => {
    const match = /^(\d+):\s+(.*)$/.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) return [];
    return [parseRule(Number(match[1]), words(match[2]), tables)];
  });
}

function parseRule(priority: number, tokens: readonly string[], tables: Tables): Rule {
  const fields = new Map<string, string>();
  const rest: string[] = [];
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index] ?? '';
    const value = tokens[index + 1];
    if (['from', 'to', 'iif', 'dev', 'oif', 'lookup', 'table'].includes(token) && value) {
      fields.set(token, value);
      index += 1;
    } else if (token !== '[detached]') {
      rest.push(token);
    }
  }
  return {
    priority,
    from: asCidr(fields.get('from') ?? 'all'),
    to: mapNullable(fields.get('to'), asCidr),
    iif: fields.get('iif') ?? fields.get('dev') ?? null,
    oif: fields.get('oif') ?? null,
    table: tableId(fields.get('lookup') ?? fields.get('table'), tables),
    rest: rest.join(' '),
  };
}

/** Parses `ip route show table all`; the kernel's own table `local` is left out. */
export function parseRoutes(text: string): Route[] {
  const tables = tableNames(text);
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#') && !/^\s/.test(line))
    .map((line) => parseRoute(words(line), tables))
    .filter((route) => route.table !== 255);
}

/** `ip -N` prints numbers for these, and `proto boot` only then (iproute2, etc/iproute2/rt_*). */
const scopeNames: Tables<string> = new Map([
  ['0', 'global'],
  ['200', 'site'],
  ['253', 'link'],
  ['254', 'host'],
  ['255', 'nowhere'],
]);
const protocolNames: Tables<string> = new Map([
  ['1', 'redirect'],
  ['2', 'kernel'],
  ['3', 'boot'],
  ['4', 'static'],
  ['16', 'dhcp'],
]);

const routeTypes = new Set([
  'unicast',
  'local',
  'broadcast',
  'multicast',
  'throw',
  'unreachable',
  'prohibit',
  'blackhole',
  'nat',
  'anycast',
]);

function parseRoute(line: readonly string[], tables: Tables): Route {
  const tokens = [...line];
  const rest: string[] = [];
  const type = tokens[0] ?? '';
  if (routeTypes.has(type)) {
    tokens.shift();
    if (type !== 'unicast') rest.push(type);
  }
  const destination = tokens.shift() ?? '';
  const fields = new Map<string, string>();
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index] ?? '';
    const value = tokens[index + 1];
    if (['via', 'dev', 'scope', 'src', 'metric', 'table'].includes(token) && value) {
      fields.set(token, value);
      index += 1;
    } else if (token === 'proto' && value) {
      const name = protocolNames.get(value) ?? value;
      if (name !== 'boot') rest.push(token, name);
      index += 1;
    } else if (!volatileWords.has(token)) {
      rest.push(token);
    }
  }
  return {
    table: tableId(fields.get('table'), tables),
    destination: destination === 'default' ? '0.0.0.0/0' : asCidr(destination),
    via: fields.get('via') ?? null,
    dev: fields.get('dev') ?? null,
    scope: mapNullable(fields.get('scope'), (scope) => scopeNames.get(scope) ?? scope),
    src: fields.get('src') ?? null,
    metric: mapNullable(fields.get('metric'), Number),
    rest: rest.join(' '),
  };
}

type Tables<Value = number> = ReadonlyMap<string, Value>;

/** Lines of rt_tables that came along, marked by `#`, for an `ip` that prints names. */
function tableNames(text: string): Tables {
  const names = new Map(standardTables);
  for (const line of text.split('\n')) {
    const match = /^#\s*(0x[\da-f]+|\d+)\s+(\S+)/i.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) names.set(match[2], Number(match[1]));
  }
  return names;
}

/** The number of a table by number or name; no name: main; an unknown name: -1, nobody's. */
function tableId(name: string | undefined, tables: Tables): number {
  if (name === undefined) return 254;
  return tables.get(name) ?? (/^\d+$/.test(name) ? Number(name) : -1);
}

function asCidr(address: string): string {
  return address === 'all' || address.includes('/') ? address : `${address}/32`;
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function mapNullable<T>(value: string | undefined, map: (value: string) => T): T | null {
  return value === undefined ? null : map(value);
}
