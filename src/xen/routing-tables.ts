import type { RoutingOperation } from '../host/change.ts';
import type { Family, Route, Rule } from '../host/query.ts';
import { parseIpNetwork } from '../inventory/address.ts';
import type { DomU } from '../inventory/model.ts';
import { anywhere, mainTable, needsTable } from './routing.ts';
import {
  isInWayOf,
  isLooser,
  isSameRoute,
  isWithTypeOfService,
  stayingOf,
} from './routing-match.ts';

/** Priorities that xpush gives to rules. */
const ownPriorities = { first: 1000, last: 1999 } as const;

/** Whose the rules and tables of a guest are. */
export interface Ownership {
  /** Whether the rule is ours, wanted or not. */
  readonly isOwnRule: (rule: Rule) => boolean;
  /** Tables whose routes are all ours. */
  readonly tables: ReadonlySet<number>;
}

/**
 * Ours are the tables that the inventory gives to the guest's vifs, with every rule that points at one
 * (what an old script left there is stale). Of a table that an earlier run wrote, or that belongs to a vif
 * which needs none, ours are the rules in our range - and its routes, unless other rules use it too.
 */
export function ownershipOf(
  domU: DomU,
  remembered: readonly number[],
  rules: readonly Rule[],
): Ownership {
  const current = new Set(
    domU.vifs.filter((vif) => needsTable(domU, vif)).map((vif) => vif.table.id),
  );
  const unneeded = domU.vifs
    .map((vif) => vif.table.id)
    .filter((id) => rules.some((rule) => rule.table === id && isInRange(rule)));
  const former = new Set([...remembered, ...unneeded].filter((id) => !current.has(id)));
  return {
    isOwnRule: (rule) => current.has(rule.table) || (former.has(rule.table) && isInRange(rule)),
    tables: new Set([
      ...current,
      ...[...former].filter((id) => !rules.some((rule) => rule.table === id && !isInRange(rule))),
    ]),
  };
}

const isInRange = ({ priority }: Rule): boolean =>
  priority >= ownPriorities.first && priority <= ownPriorities.last;

/**
 * The networks that the guest is connected to by interfaces that are none of its vifs (a container
 * bridge, a tunnel), for a table: a rule by source address takes what goes there away from main.
 */
export function copiesFor(
  table: number,
  main: readonly Route[],
  vifNames: ReadonlySet<string>,
  wanted: readonly Route[],
): readonly Route[] {
  const taken = new Set(
    wanted.filter((route) => route.table === table).map(({ destination }) => destination),
  );
  return main
    .filter((route) => isConnected(route) && !vifNames.has(route.dev ?? 'lo'))
    .toSorted((a, b) => (a.metric ?? 0) - (b.metric ?? 0))
    .filter(({ destination }) => !taken.has(destination) && taken.add(destination))
    .map((route) => ({ ...route, table, metric: null, rest: '' }));
}

/** A unicast route of main to something on the link. */
function isConnected({ table, destination, via, dev, rest }: Route): boolean {
  const isPlain = /^(?:(?:proto|pref) \S+|onlink| )*$/.test(rest);
  const network = parseIpNetwork(destination);
  return (
    table === mainTable &&
    via === null &&
    dev !== null &&
    dev !== 'lo' &&
    isPlain &&
    network !== null &&
    network.prefix > 0
  );
}

export interface TablesPlan {
  readonly additions: readonly RoutingOperation[];
  /** Deletions, and what they may have hit once more. */
  readonly removals: readonly RoutingOperation[];
}

/** The difference of whole tables: `present` are all their routes, in the kernel's order. */
export function planTables(
  wanted: readonly Route[],
  present: readonly Route[],
  family: Family,
): TablesPlan {
  const additions = wanted.filter((route) => !present.some((each) => isSameRoute(each, route)));
  const kept = wanted.map((route) => stayingOf(present.filter((each) => isSameRoute(each, route))));
  const overwritten = additions.flatMap((route) => overwrittenBy(route, present, family));
  const stale = present.filter((each) => !kept.includes(each) && !overwritten.includes(each));
  // The kernel deletes the first that has the named properties: a looser one may take ours.
  const endangered = wanted.filter((route, index) => {
    const stays = kept[index];
    const place = stays === undefined ? -1 : present.indexOf(stays);
    const behind = new Set(present.slice(place + 1));
    return stale.some(
      (each) => behind.has(each) && isInWayOf(each, route) && isLooser(each, route),
    );
  });
  return {
    additions: additions.map(replaceRoute),
    removals: [...stale.map(deleteRoute), ...endangered.map(replaceRoute)],
  };
}

/**
 * What `ip route replace` overwrites: the first of the same destination and metric. Of IPv6 the first that
 * has a gateway as this one has or has not, if there is one, and all that have one: they are next hops of
 * one route (fib6_add_rt2node).
 */
function overwrittenBy(route: Route, present: readonly Route[], family: Family): readonly Route[] {
  const inWay = present.filter((each) => isInWayOf(each, route));
  const alike = family === 4 ? [] : inWay.filter((each) => hasGateway(each) === hasGateway(route));
  if (alike.length === 0) return inWay.slice(0, 1);
  return hasGateway(route) ? alike : alike.slice(0, 1);
}

const hasGateway = ({ via, rest }: Route): boolean =>
  (via !== null || rest.includes('nexthop ')) && !/\bproto ra\b/.test(rest);

export const replaceRoute = (route: Route): RoutingOperation => ({
  verb: 'replace',
  object: 'route',
  route,
});

export const deleteRoute = (route: Route): RoutingOperation => ({
  verb: 'delete',
  object: 'route',
  route,
});

export interface DefaultPlan {
  readonly operations: readonly RoutingOperation[];
  readonly pending: readonly string[];
}

/** The main table's default route; one through an interface that is no vif of ours stays. */
export function planDefault(
  wanted: Route | null,
  main: readonly Route[],
  isOurs: ReadonlySet<string>,
  family: Family,
): DefaultPlan {
  if (wanted === null) return { operations: [], pending: [] };
  const isWanted = (route: Route): boolean =>
    route.dev === wanted.dev &&
    (route.via === wanted.via || /\bproto ra\b/.test(route.rest)) &&
    !isWithTypeOfService(route);

  const byMetric = main
    .filter(({ table, destination }) => table === mainTable && destination === anywhere[family])
    .toSorted((a, b) => metricOf(a, family) - metricOf(b, family));
  const least = byMetric.slice(0, 1).map((route) => metricOf(route, family));
  // Of IPv6 routes that are equally good, a router's advertisements make and remake theirs.
  const inForce = byMetric.filter(
    (route, index) => index === 0 || (family === 6 && least.includes(metricOf(route, family))),
  );
  if (inForce.some(isWanted)) return { operations: [], pending: [] };

  const inWay = byMetric.filter((route) => isInWayOf(route, wanted));
  const isForeign = (route: Route): boolean => !isOurs.has(route.dev ?? '');
  const stronger = byMetric.filter((route) => metricOf(route, family) < metricOf(wanted, family));
  const foreign = [...stronger, ...inWay].find(isForeign);
  if (foreign !== undefined) {
    const through = foreign.dev ?? foreign.rest;
    return {
      operations: [],
      pending: [`the default route through ${through} stays; ${wanted.via} is not made default`],
    };
  }
  const place = inWay.findIndex(isWanted);
  const removals = stronger.map(deleteRoute);
  return place === -1
    ? { operations: [replaceRoute(wanted), ...removals], pending: [] }
    : { operations: [...removals, ...inWay.slice(0, place).map(deleteRoute)], pending: [] };
}

/** As the kernel counts it: a lower one is in force (linux/ipv6_route.h, IP6_RT_PRIO_USER). */
const metricOf = ({ metric }: Route, family: Family): number => metric ?? (family === 4 ? 0 : 1024);
