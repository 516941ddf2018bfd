import {
  asCidr,
  type Numbers,
  protocolName,
  routeType,
  scopeName,
  splitWords,
  tableNumber,
  tableNumbers,
} from './ip-words.ts';
import type { Family, Route } from './query.ts';

/** Words that are state and not configuration: they come and go with the link (iproute2). */
const volatileWords = new Set([
  ...['linkdown', 'dead', 'pervasive', 'unresolved', 'notify'],
  ...['offload', 'trap', 'rt_offload', 'rt_trap', 'offload_failed'],
]);

/** What an IPv6 route has that was given none (linux/ipv6_route.h, IP6_RT_PRIO_USER). */
export const defaultMetric6 = 1024;

const anywhere: Readonly<Record<Family, string>> = { 4: '0.0.0.0/0', 6: '::/0' };

/** Numbers of the table that holds nothing to configure, and of the kernel's own. */
const unspecified = 0;
const local = 255;

/**
 * A listing of IPv6 without what the kernel does in its own time: lives of routes count down, and the
 * table `local` gets an address some time after `ip addr add`. As runtime/act-routing.sh has it.
 */
export function settledRoutes(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/ expires -*\d*sec/, ''))
    .filter((line) => !/ table (?:255|local) /.test(line))
    .join('\n');
}

/**
 * Parses `ip route show table all`. Left out is what is the kernel's alone: table `local`, cached
 * routes, and of IPv6 the networks that every link has (fe80::/64, ff00::/8).
 */
export function parseRoutes(text: string, family: Family): Route[] {
  const tables = tableNumbers(text);
  return text
    .replaceAll(/\n(?=[ \t])/g, '') // next hops of one route come on lines of their own
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => parseRoute(splitWords(line), family, tables))
    .filter((route) => route !== null)
    .filter(({ table, destination }) => {
      const isOfLinks = destination === 'fe80::/64' || destination === 'ff00::/8';
      return table !== local && table !== unspecified && !(family === 6 && isOfLinks);
    });
}

function parseRoute(line: readonly string[], family: Family, tables: Numbers): Route | null {
  const type = routeType(line[0] ?? '');
  const [destination = '', ...words] = type === null ? line : line.slice(1);
  const fields = new Map<string, string>();
  const rest = type === null || type === 'unicast' ? [] : [type];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const value = words[index + 1];
    if (word === 'nexthop') {
      rest.push(...words.slice(index).filter((one) => !volatileWords.has(one)));
      break;
    }
    if (value !== undefined && ['via', 'dev', 'scope', 'src', 'metric', 'table'].includes(word)) {
      index += 1;
      const isOther = word === 'via' && value === 'inet6';
      if (isOther) index += 1;
      fields.set(word, isOther ? `${value} ${words[index] ?? ''}` : value);
    } else if (value !== undefined && word === 'proto') {
      index += 1;
      const name = protocolName(value);
      if (name !== 'boot') rest.push(word, name);
    } else if (word === 'cache') {
      return null;
    } else if (word === 'error' || word === 'expires' || (word === 'pref' && value === 'medium')) {
      index += 1; // what a type means anyway, what counts down, and what all have
    } else if (!volatileWords.has(word)) {
      rest.push(word);
    }
  }
  const scope = fields.get('scope');
  // busybox prints it signed
  const metric = fields.has('metric') ? Number(fields.get('metric')) >>> 0 : null;
  const hasDefault = family === 6 && metric === defaultMetric6;
  return {
    table: tableNumber(fields.get('table') ?? 'main', tables),
    destination: destination === 'default' ? anywhere[family] : asCidr(destination),
    via: fields.get('via') ?? null,
    dev: fields.get('dev') ?? null,
    scope: scope === undefined ? null : scopeName(scope),
    src: fields.get('src') ?? null,
    metric: hasDefault ? null : metric,
    rest: rest.join(' '),
  };
}
