import type { RoutingOperation } from '../host/change.ts';
import type { NetworkInterface, Route, Rule } from '../host/query.ts';
import type { DomU } from '../inventory/model.ts';
import type { InterfaceAddress } from './routing.ts';
import { anywhere, desiredRouting, mainTable } from './routing.ts';
import { isLooser, isSameRoute, isSameRule, planRuleRemovals } from './routing-match.ts';

/** Rules and routes in the order in which the kernel lists them. */
export interface ObservedRouting {
  readonly interfaces: readonly NetworkInterface[];
  readonly rules: readonly Rule[];
  readonly routes: readonly Route[];
}

export interface RoutingPlan {
  /** In this order no step takes away what an open session needs. */
  readonly operations: readonly RoutingOperation[];
  /** What waits for something outside the run, one sentence each. */
  readonly pending: readonly string[];
}

/** Name of a vif's interface while the host has none, or has it down. */
const noInterface = '';

/**
 * The difference between what a guest's kernel holds and what it should hold. Ours are the tables
 * of its vifs: every rule that points at one and every route in one; foreign rules and routes, and
 * the main table but for a missing connected network and the default route, are left alone.
 * A vif is found by its MAC, whatever its name is now.
 */
export function planRouting(domU: DomU, observed: ObservedRouting): RoutingPlan {
  const live = withLiveNames(domU, observed.interfaces);
  const desired = desiredRouting(live.domU);
  const isLive = new Set(live.domU.vifs.map((vif) => vif.iface).filter((name) => name !== ''));
  const ownTables = new Set(domU.vifs.map((vif) => vif.table.id));

  const addresses = missingAddresses(desired.addresses, observed.interfaces);
  const routes = desired.routes.filter((route) => isLive.has(route.dev ?? noInterface));
  const connected = routes.filter(isConnectedOfMain).filter((route) => {
    const comesWithAddress = addresses.some(({ ip }) => route.src === ip);
    return !comesWithAddress && !observed.routes.some((each) => isInWayOf(each, route));
  });
  const tables = planTables(
    routes.filter((route) => route.table !== mainTable),
    observed.routes.filter(({ table }) => ownTables.has(table)),
  );
  const main = planDefault(
    routes.find((route) => route.table === mainTable && route.destination === anywhere[4]) ?? null,
    observed.routes.filter(isDefaultOfMain),
    isLive,
  );

  const liveTables = new Set(
    live.domU.vifs.filter((vif) => vif.iface !== noInterface).map((vif) => vif.table.id),
  );
  const missingRules = desired.rules.filter(
    (rule) => liveTables.has(rule.table) && !observed.rules.some((each) => isSameRule(each, rule)),
  );
  const isOwnRule = (rule: Rule): boolean => ownTables.has(rule.table);

  return {
    operations: [
      ...addresses.map((address) => ({ verb: 'add', object: 'address', ...address }) as const),
      ...connected.map(replaceRoute),
      ...tables.additions.map(replaceRoute),
      ...main.operations,
      ...missingRules.map((rule) => ({ verb: 'add', object: 'rule', rule }) as const),
      ...planRuleRemovals(observed.rules, missingRules, desired.rules, isOwnRule),
      ...tables.removals,
    ],
    pending: [...live.pending, ...main.pending],
  };
}

const replaceRoute = (route: Route): RoutingOperation => ({
  verb: 'replace',
  object: 'route',
  route,
});

const deleteRoute = (route: Route): RoutingOperation => ({
  verb: 'delete',
  object: 'route',
  route,
});

interface LiveNames {
  readonly domU: DomU;
  readonly pending: readonly string[];
}

/** The guest with its vifs called as its interfaces are called now. */
function withLiveNames(domU: DomU, interfaces: readonly NetworkInterface[]): LiveNames {
  const pending: string[] = [];
  const vifs = domU.vifs.map((vif) => {
    // VLANs and bridges carry the MAC of the interface below them: the right name wins.
    const candidates = interfaces.filter((each) => each.mac === vif.mac);
    const found = candidates.find((each) => each.name === vif.iface) ?? candidates[0];
    if (found === undefined) {
      pending.push(`${vif.iface} appears when ${domU.name} is next created`);
      return { ...vif, iface: noInterface };
    }
    if (found.name !== vif.iface) {
      pending.push(
        `${found.name} is to be called ${vif.iface} when ${domU.name} next starts; if nothing renames it, say "iface: ${found.name}"`,
      );
    }
    if (!found.isUp) {
      pending.push(
        `${vif.iface} is down: its addresses and routes follow in the next run after ifup ${vif.iface}`,
      );
      return { ...vif, iface: noInterface };
    }
    return { ...vif, iface: found.name };
  });
  return { domU: { ...domU, vifs }, pending };
}

function missingAddresses(
  wanted: readonly InterfaceAddress[],
  interfaces: readonly NetworkInterface[],
): readonly InterfaceAddress[] {
  return wanted.filter(({ iface, ip, prefix }) => {
    if (iface === noInterface) return false;
    const present = interfaces.find((each) => each.name === iface)?.addresses ?? [];
    return !present.some((address) => address.ip === ip && address.prefix === prefix);
  });
}

const isDefaultOfMain = (route: Route): boolean =>
  route.table === mainTable && route.destination === anywhere[4];

const isConnectedOfMain = (route: Route): boolean =>
  route.table === mainTable && route.destination !== anywhere[4];

/** Whether the kernel would find `present` where `wanted` goes: same table, destination and metric. */
function isInWayOf(present: Route, wanted: Route): boolean {
  return (
    present.table === wanted.table &&
    present.destination === wanted.destination &&
    (present.metric ?? 0) === (wanted.metric ?? 0) &&
    !/\b(tos|dsfield)\b/.test(present.rest)
  );
}

interface TablesPlan {
  readonly additions: readonly Route[];
  readonly removals: readonly RoutingOperation[];
}

function planTables(wanted: readonly Route[], present: readonly Route[]): TablesPlan {
  const additions = wanted.filter((route) => !present.some((each) => isSameRoute(each, route)));
  const kept = wanted.map((route) => present.find((each) => isSameRoute(each, route)));
  // `ip route replace` overwrites the first that stands where the new one goes.
  const overwritten = additions.map((route) => present.find((each) => isInWayOf(each, route)));
  const stale = present.filter((each) => !kept.includes(each) && !overwritten.includes(each));
  // The kernel deletes the first that has the named properties: a looser one may take ours.
  const endangered = wanted.filter((route) =>
    stale.some((each) => isInWayOf(each, route) && isLooser(each, route)),
  );
  return { additions, removals: [...stale.map(deleteRoute), ...endangered.map(replaceRoute)] };
}

interface DefaultPlan {
  readonly operations: readonly RoutingOperation[];
  readonly pending: readonly string[];
}

/** The main table's default route; one through an interface that is no vif of ours stays. */
function planDefault(
  wanted: Route | null,
  present: readonly Route[],
  isLive: ReadonlySet<string>,
): DefaultPlan {
  if (wanted === null) return { operations: [], pending: [] };
  const isWanted = (route: Route): boolean =>
    route.via === wanted.via && route.dev === wanted.dev && !/\b(tos|dsfield)\b/.test(route.rest);

  const byMetric = present.toSorted((a, b) => (a.metric ?? 0) - (b.metric ?? 0));
  const [inForce] = byMetric;
  if (inForce !== undefined && isWanted(inForce)) return { operations: [], pending: [] };

  const inWay = byMetric.filter((route) => isInWayOf(route, wanted));
  const foreign = inWay.find((route) => !isLive.has(route.dev ?? noInterface));
  if (foreign !== undefined) {
    const through = foreign.dev ?? foreign.rest;
    return {
      operations: [],
      pending: [`the default route through ${through} stays; ${wanted.via} is not made default`],
    };
  }
  const place = inWay.findIndex(isWanted);
  return place === -1
    ? { operations: [replaceRoute(wanted)], pending: [] }
    : { operations: inWay.slice(0, place).map(deleteRoute), pending: [] };
}
