import type { RoutingOperation } from './change.ts';
import type { NetworkInterface, Route, Rule } from './query.ts';

/** The rules as they are after an operation: added behind those of the same priority. */
export function rulesAfter(rules: readonly Rule[], operation: RoutingOperation): readonly Rule[] {
  if (operation.object !== 'rule') return rules;
  const { verb, rule } = operation;
  if (verb === 'delete') return withoutFirst(rules, (other) => isSameRule(other, rule));
  return [...rules, rule].sort((a, b) => a.priority - b.priority);
}

/**
 * The routes as they are after these operations. A route is replaced whole; of several to one
 * destination (two interfaces in one network) the first. An address brings its network's route.
 */
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
      const route = connectedRoute(interfaces, operation);
      return route === null ? routes : [...routes, route];
    }
    case 'route': {
      const { verb, route } = operation;
      if (verb === 'delete') {
        return withoutFirst(routes, (one) => isSameKey(one, route) && one.dev === route.dev);
      }
      const place = routes.findIndex((one) => isSameKey(one, route));
      return place < 0 ? [...routes, route] : routes.with(place, route);
    }
  }
}

/** The interfaces as they are after an operation. */
export function interfacesAfter(
  interfaces: readonly NetworkInterface[],
  operation: RoutingOperation,
): readonly NetworkInterface[] {
  if (operation.object !== 'address') return interfaces;
  const { iface, ip, prefix } = operation;
  return interfaces.map((entry) =>
    entry.name === iface ? { ...entry, addresses: [...entry.addresses, { ip, prefix }] } : entry,
  );
}

/** What the kernel adds to table main with an address (fib_add_ifaddr); null when nothing. */
function connectedRoute(
  interfaces: readonly NetworkInterface[],
  { iface, ip, prefix }: Extract<RoutingOperation, { object: 'address' }>,
): Route | null {
  const owner = interfaces.find(({ name }) => name === iface);
  const network = networkOf(ip, prefix);
  const isSecondary = owner?.addresses.some(
    (other) => other.prefix === prefix && networkOf(other.ip, prefix) === network,
  );
  const hasNetwork = prefix < 32 && !network.startsWith('0.');
  if (owner?.isUp !== true || isSecondary || !hasNetwork) return null;
  const destination = `${network}/${prefix}`;
  return {
    ...{ table: 254, destination, via: null, dev: iface },
    ...{ scope: 'link', src: ip, metric: null, rest: 'proto kernel' },
  };
}

function networkOf(ip: string, prefix: number): string {
  const mask = prefix === 0 ? 0 : ~0 << (32 - prefix);
  const number = ip.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const network = (number & mask) >>> 0;
  return [24, 16, 8, 0].map((shift) => (network >>> shift) & 0xff).join('.');
}

/** What tells routes of one table apart in the kernel (fib_find_alias). */
function isSameKey(a: Route, b: Route): boolean {
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

function isSameRule(a: Rule, b: Rule): boolean {
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
