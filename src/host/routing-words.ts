import type { RoutingOperation } from './change.ts';
import { isIpv6, routeType } from './ip-words.ts';
import type { Route, Rule } from './query.ts';
import { defaultMetric6 } from './routes-text.ts';

/** The words after `ip -4` or `ip -6`; table numbers, since one bad line in rt_tables breaks every name. */
export function routingWords(operation: RoutingOperation): string {
  switch (operation.object) {
    case 'address':
      return addressWords(operation);
    case 'rule':
      return `rule ${operation.verb === 'add' ? 'add' : 'del'} ${ruleWords(operation.rule)}`;
    case 'proxy':
      return `neigh ${operation.verb === 'add' ? 'add' : 'del'} proxy ${operation.ip} dev ${operation.iface}`;
    case 'route':
      return operation.verb === 'replace'
        ? `route replace ${routeWords(operation.route)}`
        : `route del ${routeWords(withMetric(operation.route))}`;
  }
}

function addressWords({
  verb,
  ip,
  prefix,
  iface,
}: Extract<RoutingOperation, { object: 'address' }>): string {
  if (verb === 'delete') return `addr del ${ip}/${prefix} dev ${iface}`;
  const options = isIpv6(ip) ? 'nodad' : 'brd +';
  return `addr add ${ip}/${prefix} ${options} dev ${iface}`;
}

function ruleWords(rule: Rule): string {
  const rest = splitOff(rule.rest, (word) => word === 'not');
  return joinWords(
    rest.first,
    `from ${rule.from}`,
    rule.to && `to ${rule.to}`,
    rule.iif && `iif ${rule.iif}`,
    rule.oif && `oif ${rule.oif}`,
    rest.others,
    `priority ${rule.priority}`,
    rule.table !== 0 && `table ${rule.table}`,
  );
}

/** Where no metric is named, the kernel deletes an IPv6 route of any: the connected one too. */
function withMetric(route: Route): Route {
  const isDefault = route.metric === null && isIpv6(route.destination);
  return isDefault ? { ...route, metric: defaultMetric6 } : route;
}

/** A type comes first, next hops last (ip-route(8)). */
function routeWords(route: Route): string {
  const rest = splitOff(route.rest, (word) => routeType(word) !== null);
  return joinWords(
    rest.first,
    route.destination,
    route.via && `via ${route.via}`,
    route.dev && `dev ${route.dev}`,
    route.scope && `scope ${route.scope}`,
    route.src && `src ${route.src}`,
    route.metric !== null && `metric ${route.metric}`,
    `table ${route.table}`,
    rest.others,
  );
}

function splitOff(
  text: string,
  isMeant: (word: string) => boolean,
): { readonly first: string | null; readonly others: string } {
  const [first = '', ...others] = text.split(' ');
  return isMeant(first) ? { first, others: others.join(' ') } : { first: null, others: text };
}

function joinWords(...words: readonly (string | null | false)[]): string {
  return words.filter((word) => word !== null && word !== false && word !== '').join(' ');
}
