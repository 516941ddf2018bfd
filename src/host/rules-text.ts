import {
  asCidr,
  type Numbers,
  protocolName,
  routeType,
  splitWords,
  tableNumber,
  tableNumbers,
} from './ip-words.ts';
import type { Rule } from './query.ts';

/** Words of a rule that are followed by a value (ip-rule(8)). */
const valued = new Set([
  ...['from', 'to', 'iif', 'dev', 'oif', 'lookup', 'table'],
  ...['tos', 'dsfield', 'fwmark', 'realms', 'goto', 'uidrange', 'ipproto', 'sport', 'dport'],
  ...['suppress_prefixlength', 'suppress_ifgroup', 'tun_id', 'proto', 'protocol'],
]);

/** Parses `ip rule show`, numeric or with names (busybox, old iproute2), double spaces or not. */
export function parseRules(text: string): Rule[] {
  const tables = tableNumbers(text);
  return text.split('\n').flatMap((line) => {
    const match = /^(\d+):\s+(.*)$/.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) return [];
    return [parseRule(Number(match[1]), splitWords(match[2]), tables)];
  });
}

function parseRule(priority: number, words: readonly string[], tables: Numbers): Rule {
  const fields = new Map<string, string>();
  const rest: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const value = words[index + 1];
    if (value !== undefined && valued.has(word)) {
      index += 1;
      if (['from', 'to', 'iif', 'dev', 'oif', 'lookup', 'table'].includes(word)) {
        fields.set(word, value);
      } else if (word === 'proto' || word === 'protocol') {
        rest.push('proto', protocolName(value));
      } else {
        rest.push(word, value);
      }
    } else if (!/^\[.*\]$/.test(word)) {
      rest.push(routeType(word) ?? word); // `[detached]` and `[unresolved]` are state
    }
  }
  const to = fields.get('to');
  return {
    priority,
    from: asCidr(fields.get('from') ?? 'all'),
    to: to === undefined ? null : asCidr(to),
    iif: fields.get('iif') ?? fields.get('dev') ?? null,
    oif: fields.get('oif') ?? null,
    table: tableNumber(fields.get('lookup') ?? fields.get('table') ?? 'unspec', tables),
    rest: rest.join(' '),
  };
}
