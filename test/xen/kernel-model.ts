import type { RoutingOperation } from '../../src/host/change.ts';
import { networkOf } from '../../src/host/networks.ts';
import type { NetworkInterface, Route, Rule } from '../../src/host/query.ts';
import type { ObservedRouting } from '../../src/xen/routing-plan.ts';

type AddressOperation = Extract<RoutingOperation, { object: 'address' }>;

/**
 * What the kernel makes of iproute2's commands on the rules and routes of one family, as far as it
 * matters here. An address brings its connected route, and takes it along when no other address of the
 * network is left; the last IPv4 address takes all routes of its interface. A replace overwrites the first
 * route of the same table, destination and metric (of IPv6, one like it if there is one, and then all
 * such); a delete takes the first that has all named properties. Rules stand by priority, equal ones in
 * the order of their coming. Throws what the kernel refuses.
 */
export function simulate(
  state: ObservedRouting,
  operations: readonly RoutingOperation[],
): ObservedRouting {
  return operations.reduce(step, state);
}

function step(state: ObservedRouting, operation: RoutingOperation): ObservedRouting {
  switch (operation.object) {
    case 'address':
      return operation.verb === 'add'
        ? addAddress(state, operation)
        : dropAddress(state, operation);
    case 'proxy':
      return state;
    case 'rule':
      return {
        ...state,
        rules:
          operation.verb === 'add'
            ? addRule(state.rules, operation.rule)
            : without(state.rules, (each) => ruleHit(each, operation.rule)),
      };
    case 'route':
      return {
        ...state,
        routes:
          operation.verb === 'replace'
            ? replaceRoute(state.routes, operation.route)
            : without(state.routes, (each) => routeHit(each, operation.route)),
      };
  }
}

const isIpv6 = (text: string): boolean => text.includes(':');

function addAddress(state: ObservedRouting, operation: AddressOperation): ObservedRouting {
  const { iface, ip, prefix } = operation;
  const link = state.interfaces.find(({ name }) => name === iface);
  if (link === undefined) throw new Error(`Cannot find device "${iface}"`);
  if (link.addresses.some((each) => each.ip === ip && each.prefix === prefix)) {
    throw new Error('File exists');
  }
  const connected = connectedRoute(operation);
  const isThere = isIpv6(ip)
    ? state.routes.some((each) => JSON.stringify(each) === JSON.stringify(connected))
    : hasNeighbour(link, operation) || prefix === 32;
  return {
    ...state,
    routes: isThere ? state.routes : [...state.routes, connected],
    interfaces: withAddresses(state.interfaces, iface, [...link.addresses, { ip, prefix }]),
  };
}

function dropAddress(state: ObservedRouting, operation: AddressOperation): ObservedRouting {
  const { iface, ip, prefix } = operation;
  const link = state.interfaces.find(({ name }) => name === iface);
  const left = without(link?.addresses ?? [], (each) => each.ip === ip && each.prefix === prefix);
  const interfaces = withAddresses(state.interfaces, iface, left);
  const isLocal = interfaces.some(({ addresses }) => addresses.some((each) => each.ip === ip));
  const isLast = !isIpv6(ip) && left.every((each) => isIpv6(each.ip));
  const network = networkOf(ip, prefix);
  const next = left.find((each) => networkOf(each.ip, each.prefix) === network);
  const routes = state.routes.flatMap((route): readonly Route[] => {
    if (isLast && route.dev === iface) return [];
    const isConnected = route.table === 254 && route.destination === network && route.dev === iface;
    if (isConnected && route.rest === 'proto kernel') {
      if (next === undefined) return [];
      return [route.src === ip ? { ...route, src: next.ip } : route];
    }
    if (route.src !== ip || isLocal) return [route];
    return isIpv6(ip) ? [{ ...route, src: null }] : [];
  });
  return { ...state, routes, interfaces };
}

function connectedRoute({ iface, ip, prefix }: AddressOperation): Route {
  const place = { table: 254, destination: networkOf(ip, prefix), via: null, dev: iface };
  return isIpv6(ip)
    ? { ...place, scope: null, src: null, metric: 256, rest: 'proto kernel' }
    : { ...place, scope: 'link', src: ip, metric: null, rest: 'proto kernel' };
}

function hasNeighbour({ addresses }: NetworkInterface, { ip, prefix }: AddressOperation): boolean {
  const network = networkOf(ip, prefix);
  return addresses.some((each) => networkOf(each.ip, each.prefix) === network);
}

const withAddresses = (
  interfaces: readonly NetworkInterface[],
  iface: string,
  addresses: NetworkInterface['addresses'],
): readonly NetworkInterface[] =>
  interfaces.map((each) => (each.name === iface ? { ...each, addresses } : each));

function without<T>(list: readonly T[], matches: (item: T) => boolean): readonly T[] {
  const index = list.findIndex(matches);
  if (index === -1) throw new Error('No such process');
  return list.filter((_, place) => place !== index);
}

function addRule(rules: readonly Rule[], rule: Rule): readonly Rule[] {
  if (rules.some((each) => JSON.stringify(each) === JSON.stringify(rule))) {
    throw new Error('File exists');
  }
  return [...rules, rule].toSorted((a, b) => a.priority - b.priority);
}

const named = <T>(wanted: T | null, actual: T | null): boolean =>
  wanted === null || wanted === actual;

const ruleHit = (rule: Rule, spec: Rule): boolean =>
  rule.priority === spec.priority &&
  rule.table === spec.table &&
  (spec.from === 'all' || spec.from === rule.from) &&
  named(spec.to, rule.to) &&
  named(spec.iif, rule.iif) &&
  named(spec.oif, rule.oif) &&
  (spec.rest === '' || spec.rest === rule.rest);

const inPlace = (route: Route, wanted: Route): boolean =>
  route.table === wanted.table &&
  route.destination === wanted.destination &&
  route.metric === wanted.metric;

const hasGateway = ({ via, rest }: Route): boolean => via !== null && !rest.includes('proto ra');

function replaceRoute(routes: readonly Route[], wanted: Route): readonly Route[] {
  const rivals = routes.filter((each) => inPlace(each, wanted));
  const exact = rivals.findIndex((each) => JSON.stringify(each) === JSON.stringify(wanted));
  if (!isIpv6(wanted.destination)) {
    if (exact > 0) throw new Error('File exists');
    const [first] = rivals;
    return first === undefined ? [...routes, wanted] : routes.with(routes.indexOf(first), wanted);
  }
  const alike = rivals.filter((each) => hasGateway(each) === hasGateway(wanted));
  const replaced = alike[0] ?? rivals[0];
  if (replaced === undefined) return [...routes, wanted];
  const gone = hasGateway(wanted) ? alike.slice(1) : [];
  return routes.with(routes.indexOf(replaced), wanted).filter((each) => !gone.includes(each));
}

const routeHit = (route: Route, spec: Route): boolean =>
  route.table === spec.table &&
  route.destination === spec.destination &&
  named(spec.via, route.via) &&
  named(spec.dev, route.dev) &&
  (isIpv6(route.destination) || named(spec.src, route.src)) &&
  (isIpv6(route.destination) ? spec.metric === route.metric : named(spec.metric, route.metric));
