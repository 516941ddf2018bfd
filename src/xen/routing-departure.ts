import type { RoutingOperation } from '../host/change.ts';
import type { Route, Rule } from '../host/query.ts';
import type { DomU } from '../inventory/model.ts';
import { planRuleRemovals } from './routing-match.ts';
import { deleteRoute, ownershipOf } from './routing-tables.ts';

/**
 * Takes our rules and tables from a guest, those of `tables` too that an earlier run wrote: rules first, so that nothing looks into a table
 * that is being emptied. Addresses and the main table stay: the guest stays on the network.
 */
export function planDeparture(
  domU: DomU,
  { rules, routes }: { readonly rules: readonly Rule[]; readonly routes: readonly Route[] },
  tables: readonly number[],
): readonly RoutingOperation[] {
  const ownership = ownershipOf(domU, tables, rules);
  return [
    ...planRuleRemovals(rules, [], [], ownership.isOwnRule),
    ...routes.filter(({ table }) => ownership.tables.has(table)).map(deleteRoute),
  ];
}
