import type { RoutingOperation } from '../host/change.ts';
import { networkOf } from '../host/networks.ts';
import type { NetworkInterface, Route, Rule } from '../host/query.ts';
import type { DomU } from '../inventory/model.ts';
import { type LiveVif, liveVifs, vifsToCome } from './live-vif.ts';
import { type DesiredRouting, desiredRouting, mainTable } from './routing.ts';
import { type AddressPlan, type Circumstances, planAddresses } from './routing-addresses.ts';
import { lastingRoutes } from './routing-lasting.ts';
import { isInWayOf, isSameRule, planRuleRemovals } from './routing-match.ts';
import { nothingOwned, type OwnedRouting } from './routing-memory.ts';
import { copiesFor, ownershipOf, planDefault, planTables, replaceRoute } from './routing-tables.ts';

/** Rules and routes of one family in the order in which the kernel lists them. */
export interface ObservedRouting {
  readonly interfaces: readonly NetworkInterface[];
  readonly rules: readonly Rule[];
  readonly routes: readonly Route[];
}

export interface RoutingOptions extends Circumstances {
  /** Whether a gateway is looked for in main alone, so that one of another table needs `onlink`. */
  readonly needsOnlink: boolean;
}

export interface RoutingPlan {
  /** In this order no step takes away what an open session needs. */
  readonly operations: readonly RoutingOperation[];
  /** What the guest is to remember as ours once they are done. */
  readonly owned: OwnedRouting;
  /** What waits for something outside the run, one sentence each. */
  readonly pending: readonly string[];
}

const defaultOptions: RoutingOptions = {
  family: 4,
  owned: nothingOwned,
  arrival: null,
  needsOnlink: false,
};

/**
 * The difference between what a guest's kernel holds of one family and what it should hold. Foreign
 * rules and routes are left alone, and the main table but for a missing connected network and the
 * default route. A vif is found by its MAC, whatever its name is now.
 */
export function planRouting(
  domU: DomU,
  observed: ObservedRouting,
  options: Partial<RoutingOptions> = {},
): RoutingPlan {
  const all = { ...defaultOptions, ...options };
  const { family, owned } = all;
  const { rules, routes } = observed;
  const live = liveVifs(domU, observed.interfaces);
  const addresses = planAddresses(domU, live, observed.interfaces, all);
  const lasting = lastingRoutes(addresses, observed, family);
  const desired = desiredNow(domU, live, addresses, lasting, all);
  const ownership = ownershipOf(domU, owned.tables, rules);

  const isStaying = (rule: Rule): boolean =>
    ownership.isOwnRule(rule) && addresses.staying.has(rule.from.split('/')[0] ?? '');
  const keptTables = new Set(rules.filter(isStaying).map(({ table }) => table));
  for (const { table } of desired.routes) keptTables.delete(table);

  const tables = planTables(
    desired.routes.filter((route) => route.table !== mainTable),
    routes.filter(({ table }) => ownership.tables.has(table) && !keptTables.has(table)),
    family,
  );
  const main = planDefault(
    desired.routes.find((route) => route.table === mainTable && route.via !== null) ?? null,
    lasting,
    ownNames(live, observed.interfaces, addresses, all),
    family,
  );
  const isWanted = (id: number): boolean =>
    desiredRouting(domU, family).rules.some(({ table }) => table === id);
  const missingRules = desired.rules.filter(
    (rule) => !rules.some((each) => isSameRule(each, rule)),
  );
  return {
    operations: [
      ...addresses.additions.map((each) => ({ verb: 'add', object: 'address', ...each }) as const),
      ...missingConnected(desired, { ...observed, routes: lasting }, addresses, all).map(
        replaceRoute,
      ),
      ...tables.additions,
      ...main.operations,
      ...missingRules.map((rule) => ({ verb: 'add', object: 'rule', rule }) as const),
      ...planRuleRemovals(
        rules,
        missingRules,
        desired.rules,
        (rule) => ownership.isOwnRule(rule) && !isStaying(rule),
      ),
      ...tables.removals,
      ...addresses.removals.map(
        (each) => ({ verb: 'delete', object: 'address', ...each }) as const,
      ),
    ],
    owned: {
      tables: [
        ...desired.rules.map(({ table }) => table),
        ...owned.tables.filter((id) => keptTables.has(id) || isWanted(id)),
      ],
      addresses: addresses.owned,
    },
    pending: [...vifsToCome(domU, live), ...addresses.pending, ...main.pending],
  };
}

/**
 * What can be there now: nothing of interfaces that are absent, down or without an address of theirs,
 * no rule for an address that stays elsewhere; with copies of the guest's foreign networks.
 */
function desiredNow(
  domU: DomU,
  live: readonly LiveVif[],
  { carriers, staying }: AddressPlan,
  lasting: readonly Route[],
  { family, needsOnlink }: RoutingOptions,
): DesiredRouting {
  const named = {
    ...domU,
    vifs: live.map(({ vif, link }) => ({ ...vif, iface: link?.name ?? '' })),
  };
  const desired = desiredRouting(named, family);
  const names = new Set(named.vifs.map(({ iface }) => iface));
  const routes = desired.routes
    .filter(({ dev }) => carriers.has(dev ?? ''))
    .map((route) =>
      needsOnlink && family === 4 && route.via !== null && route.table !== mainTable
        ? { ...route, rest: 'onlink' }
        : route,
    );
  const carrying = new Set(
    named.vifs.filter(({ iface }) => carriers.has(iface)).map(({ table }) => table.id),
  );
  const rules = desired.rules.filter(
    ({ table, from }) => carrying.has(table) && !staying.has(from.split('/')[0] ?? ''),
  );
  const tables = new Set(rules.map(({ table }) => table));
  const ofTables = routes.filter(({ table }) => table === mainTable || tables.has(table));
  const copies = [...tables].flatMap((table) => copiesFor(table, lasting, names, ofTables));
  return {
    ...desired,
    // before the defaults of main, whose gateways may need them
    routes: [
      ...ofTables.filter(({ table }) => table !== mainTable),
      ...copies,
      ...ofTables.filter(({ table }) => table === mainTable),
    ],
    rules,
  };
}

/** Connected networks of main that are missing, and do not come with an address. */
function missingConnected(
  desired: DesiredRouting,
  { routes, interfaces }: ObservedRouting,
  { additions }: AddressPlan,
  { family }: RoutingOptions,
): readonly Route[] {
  const comes = ({ dev, src, destination }: Route): boolean => {
    const added = additions.filter(({ iface }) => iface === dev);
    if (family === 6) return added.length > 0;
    const hasOther = interfaces.some(
      ({ name, addresses }) =>
        name === dev && addresses.some(({ ip, prefix }) => networkOf(ip, prefix) === destination),
    );
    return !hasOther && added.some(({ ip }) => ip === src);
  };
  return desired.routes.filter(
    (route) =>
      route.table === mainTable &&
      route.via === null &&
      !comes(route) &&
      !routes.some((each) => isInWayOf(each, route)),
  );
}

/** Interfaces whose default routes are ours to change: vifs, and those of vifs that left. */
function ownNames(
  live: readonly LiveVif[],
  interfaces: readonly NetworkInterface[],
  { staying }: AddressPlan,
  { owned }: RoutingOptions,
): ReadonlySet<string> {
  const vifs = live.flatMap(({ link }) => (link?.isUp === true ? [link.name] : []));
  const former = interfaces
    .filter(({ mac }) => owned.addresses.some((each) => each.mac === mac))
    .filter(({ addresses }) => !addresses.some(({ ip }) => staying.has(ip)));
  return new Set([...vifs, ...former.map(({ name }) => name)]);
}
