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
import type { Route } from './query.ts';

/** Words that are state and not configuration: they come and go with the link (iproute2). */
const volatileWords = new Set([
  ...['linkdown', 'dead', 'pervasive', 'unresolved', 'notify'],
  ...['offload', 'trap', 'rt_offload', 'rt_trap', 'offload_failed'],
]);

/** Parses `ip route show table all`; the kernel's own table `local` is left out. */
export function parseRoutes(text: string): Route[] {
  const tables = tableNumbers(text);
  return text
    .replaceAll(/\n(?=[ \t])/g, '') // next hops of one route come on lines of their own
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => parseRoute(splitWords(line), tables))
    .filter((route) => route.table !== 255);
}

function parseRoute(line: readonly string[], tables: Numbers): Route {
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
      const family = word === 'via' && value === 'inet6';
      if (family) index += 1;
      fields.set(word, family ? `${value} ${words[index] ?? ''}` : value);
    } else if (value !== undefined && word === 'proto') {
      index += 1;
      const name = protocolName(value);
      if (name !== 'boot') rest.push(word, name);
    } else if (!volatileWords.has(word)) {
      rest.push(word);
    }
  }
  const scope = fields.get('scope');
  const metric = fields.get('metric');
  return {
    table: tableNumber(fields.get('table') ?? 'main', tables),
    destination: destination === 'default' ? '0.0.0.0/0' : asCidr(destination),
    via: fields.get('via') ?? null,
    dev: fields.get('dev') ?? null,
    scope: scope === undefined ? null : scopeName(scope),
    src: fields.get('src') ?? null,
    metric: metric === undefined ? null : Number(metric) >>> 0, // busybox prints it signed
    rest: rest.join(' '),
  };
}
