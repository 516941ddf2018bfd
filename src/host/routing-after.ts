import type { RoutingOperation } from './change.ts';
import { isIpv6 } from './ip-words.ts';
import { networkOf } from './networks.ts';
import type { NetworkInterface, ProxyNeighbour, Route, Rule } from './query.ts';
import { defaultMetric6 } from './routes-text.ts';

/** The rules as they are after an operation: added behind those of the same priority. */
export function rulesAfter(rules: readonly Rule[], operation: RoutingOperation): readonly Rule[] {
  if (operation.object !== 'rule') return rules;
  const { verb, rule } = operation;
  if (verb === 'delete') return withoutFirst(rules, (other) => isSameRule(other, rule));
  return [...rules, rule].sort((a, b) => a.priority - b.priority);
}

/** The proxy neighbours as they are after an operation. */
export function proxiesAfter(
  proxies: readonly ProxyNeighbour[] | null,
  operation: RoutingOperation,
): readonly ProxyNeighbour[] | null {
  if (operation.object !== 'proxy' || proxies === null) return proxies;
  const { verb, ip, iface: dev } = operation;
  const others = proxies.filter((one) => one.ip !== ip || one.dev !== dev);
  return verb === 'delete' ? others : [...others, { ip, dev }];
}

/** The interfaces as they are after an operation. */
export function interfacesAfter(
  interfaces: readonly NetworkInterface[],
  operation: RoutingOperation,
): readonly NetworkInterface[] {
  if (operation.object !== 'address') return interfaces;
  const { verb, iface, ip, prefix } = operation;
  return interfaces.map((entry) => {
    if (entry.name !== iface) return entry;
    const others = entry.addresses.filter((one) => one.ip !== ip || one.prefix !== prefix);
    return { ...entry, addresses: verb === 'delete' ? others : [...others, { ip, prefix }] };
  });
}

/** The routes of one family as they are after these operations, on interfaces as they were before. */
export function routesAfter(
  routes: readonly Route[],
  interfaces: readonly NetworkInterface[],
  operations: readonly RoutingOperation[],
): readonly Route[] {
  let links = interfaces;
  let entries = routes;
  for (const operation of operations) {
    entries = routesAfterOne(entries, links, operation);
    links = interfacesAfter(links, operation);
  }
  return entries;
}

type AddressOperation = Extract<RoutingOperation, { object: 'address' }>;

function routesAfterOne(
  routes: readonly Route[],
  interfaces: readonly NetworkInterface[],
  operation: RoutingOperation,
): readonly Route[] {
  switch (operation.object) {
    case 'rule':
    case 'proxy':
      return routes;
    case 'address': {
      if (operation.verb === 'delete') return afterAddressGoes(routes, interfaces, operation);
      const route = connectedRoute(interfaces, operation);
      return route === null ? routes : [...routes, route];
    }
    case 'route': {
      const route = asKept(operation.route);
      return operation.verb === 'delete'
        ? withoutFirst(routes, (one) => isSameKey(one, route) && one.dev === route.dev)
        : withRoute(routes, route);
    }
  }
}

/** As the kernel gives it back: IPv6 has no scopes, a default metric, and `lo` for what leads nowhere. */
function asKept(route: Route): Route {
  if (!isIpv6(route.destination)) return route;
  const metric = route.metric === defaultMetric6 ? null : route.metric;
  const leadsNowhere = /^(blackhole|unreachable|prohibit|throw)\b/.test(route.rest);
  return { ...route, scope: null, metric, dev: leadsNowhere ? 'lo' : route.dev };
}

/**
 * `ip route replace`: of several to one destination the first is replaced. Of IPv6, a route by a
 * gateway takes the place of all such, which are next hops of one, if there are any (fib6_add_rt2node).
 */
function withRoute(routes: readonly Route[], route: Route): readonly Route[] {
  const rivals = routes.filter((one) => isSameKey(one, route));
  const [first] = rivals;
  if (first === undefined) return [...routes, route];
  if (!isIpv6(route.destination)) return routes.with(routes.indexOf(first), route);
  const alike = rivals.filter((one) => hasGateway(one) === hasGateway(route));
  const replaced = alike[0] ?? first;
  const others = hasGateway(route) ? alike.slice(1) : [];
  return routes.with(routes.indexOf(replaced), route).filter((one) => !others.includes(one));
}

function hasGateway({ via, rest }: Route): boolean {
  return (via !== null || /\bvia\b/.test(rest)) && !/\bproto ra\b/.test(rest);
}

/** What the kernel adds to table main with an address (fib_add_ifaddr, addrconf_prefix_route); null when nothing. */
function connectedRoute(
  interfaces: readonly NetworkInterface[],
  { iface, ip, prefix }: AddressOperation,
): Route | null {
  const owner = interfaces.find(({ name }) => name === iface);
  const destination = networkOf(ip, prefix);
  const hasNetwork = isIpv6(ip) || (prefix < 32 && !destination.startsWith('0.'));
  const isSecondary = owner !== undefined && neighbours(owner, { ip, prefix }).length > 0;
  if (owner?.isUp !== true || isSecondary || !hasNetwork) return null;
  const place = { table: 254, destination, via: null, dev: iface };
  return isIpv6(ip)
    ? { ...place, scope: null, src: null, metric: connectedMetric6, rest: 'proto kernel' }
    : { ...place, scope: 'link', src: ip, metric: null, rest: 'proto kernel' };
}

/** IP6_RT_PRIO_ADDRCONF (linux/ipv6_route.h). */
const connectedMetric6 = 256;

/**
 * What goes with an address. IPv4: the routes of table main that name it as source, its network's
 * but for another address in it (which xp_routing keeps), and with the last one all of the
 * interface. IPv6: the network's with its last address; routes forget it as their source.
 */
function afterAddressGoes(
  routes: readonly Route[],
  interfaces: readonly NetworkInterface[],
  { iface, ip, prefix }: AddressOperation,
): readonly Route[] {
  const owner = interfaces.find(({ name }) => name === iface);
  if (owner === undefined) return routes;
  const destination = networkOf(ip, prefix);
  const isConnected = (route: Route) =>
    route.table === 254 &&
    route.destination === destination &&
    route.dev === iface &&
    /\bproto kernel\b/.test(route.rest);
  const [next] = neighbours(owner, { ip, prefix });
  if (isIpv6(ip)) {
    return routes
      .filter((route) => next !== undefined || !isConnected(route))
      .map((route) => (route.src === ip ? { ...route, src: null } : route));
  }
  const left = owner.addresses.filter((one) => !isIpv6(one.ip) && one.ip !== ip);
  if (left.length === 0) return routes.filter((route) => route.dev !== iface);
  const kept = routes.filter(
    (route) => !isConnected(route) && !(route.table === 254 && route.src === ip),
  );
  const old = routes.find(isConnected);
  if (old === undefined || next === undefined) return kept;
  return [...kept, old.src === ip ? { ...old, src: next.ip } : old];
}

/** Other addresses of the interface in the same network. */
function neighbours(
  owner: NetworkInterface,
  { ip, prefix }: NetworkInterface['addresses'][number],
): NetworkInterface['addresses'] {
  const network = networkOf(ip, prefix);
  return owner.addresses.filter(
    (other) =>
      other.ip !== ip &&
      isIpv6(other.ip) === isIpv6(ip) &&
      other.prefix === prefix &&
      networkOf(other.ip, prefix) === network,
  );
}

/** What tells routes of one table apart in the kernel (fib_find_alias). */
export function isSameKey(a: Route, b: Route): boolean {
  return (
    a.table === b.table &&
    a.destination === b.destination &&
    (a.metric ?? 0) === (b.metric ?? 0) &&
    tosOf(a) === tosOf(b)
  );
}

function tosOf(route: Route): string | undefined {
  return /\btos (\S+)/.exec(route.rest)?.[1];
}

/** Whether two rules are one to the kernel, but for where they came from. */
export function isSameRule(a: Rule, b: Rule): boolean {
  return (
    a.priority === b.priority &&
    a.from === b.from &&
    a.to === b.to &&
    a.iif === b.iif &&
    a.oif === b.oif &&
    a.table === b.table &&
    a.rest === b.rest
  );
}

function withoutFirst<Entry>(
  entries: readonly Entry[],
  isMeant: (entry: Entry) => boolean,
): readonly Entry[] {
  const place = entries.findIndex(isMeant);
  return place < 0 ? entries : entries.toSpliced(place, 1);
}
