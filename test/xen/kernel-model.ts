import type { RoutingOperation } from '../../src/host/change.ts';
import type { Route, Rule } from '../../src/host/query.ts';
import type { ObservedRouting } from '../../src/xen/routing-plan.ts';

/**
 * What the kernel makes of iproute2's commands, as far as it matters here: an address of a subnet of
 * whole bytes brings its connected route; a replace overwrites the
 * first route of the same table, destination and metric; a delete takes the first that has all
 * named properties; rules stand by priority, equal ones in the order of their coming.
 */
export function simulate(
  state: ObservedRouting,
  operations: readonly RoutingOperation[],
): ObservedRouting {
  return operations.reduce(step, state);
}

function step(state: ObservedRouting, operation: RoutingOperation): ObservedRouting {
  switch (operation.object) {
    case 'address': {
      const { iface, ip, prefix } = operation;
      const network = `${ip
        .split('.')
        .slice(0, prefix / 8)
        .join('.')}${'.0'.repeat(4 - prefix / 8)}`;
      const connected: Route = {
        table: 254,
        destination: `${network}/${prefix}`,
        via: null,
        dev: iface,
        scope: 'link',
        src: ip,
        metric: null,
        rest: 'proto kernel',
      };
      return {
        ...state,
        routes: [...state.routes, connected],
        interfaces: state.interfaces.map((each) =>
          each.name === iface ? { ...each, addresses: [...each.addresses, { ip, prefix }] } : each,
        ),
      };
    }
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

function replaceRoute(routes: readonly Route[], wanted: Route): readonly Route[] {
  const index = routes.findIndex((each) => inPlace(each, wanted));
  const exact = routes.findIndex((each) => JSON.stringify(each) === JSON.stringify(wanted));
  if (exact !== -1 && exact !== index) throw new Error('File exists');
  return index === -1 ? [...routes, wanted] : routes.with(index, wanted);
}

const routeHit = (route: Route, spec: Route): boolean =>
  route.table === spec.table &&
  route.destination === spec.destination &&
  named(spec.via, route.via) &&
  named(spec.dev, route.dev) &&
  named(spec.src, route.src) &&
  named(spec.metric, route.metric);
