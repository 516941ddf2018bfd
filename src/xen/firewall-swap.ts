import { isBuiltIn, jumpTo, tableOf } from '../host/chains-text.ts';
import type { SwapChains } from '../host/change.ts';
import type { ChainsState } from '../host/query.ts';
import type { Family } from '../inventory/model.ts';
import type { DesiredFirewall } from './firewall.ts';
import { chains } from './firewall-model.ts';

/** What makes the chains of one family as described. */
export interface IptablesPlan {
  /** null: they are as they should be. */
  readonly swap: SwapChains | null;
  /** Lets the pushing session's peer in, which is no difference from what is described; null with `swap`. */
  readonly upkeep: SwapChains | null;
}

/**
 * All our chains of one family in one swap, whatever differs; rules that the host spells in its own
 * way do not differ. `keep`: rules that XPUSH-KEEP lacks. `isClosed`: an earlier run
 * made FORWARD drop, which it goes on with only where that is described.
 */
export function iptablesPlan(
  desired: DesiredFirewall,
  live: ChainsState,
  keep: readonly string[],
  isClosed: boolean,
): IptablesPlan {
  const kept = [...(live.chains.get(chains.keep) ?? []), ...keep];
  const all = new Map([
    ...(desired.needsKeep ? ([[chains.keep, kept]] as const) : []),
    ...desired.chains,
  ]);
  const removed = ownChains(live).filter((name) => !all.has(name));
  const policies = changedPolicies(desired.policies, live, isClosed);
  const isSame =
    removed.length === 0 &&
    policies.size === 0 &&
    [...desired.chains].every(([name, rules]) => isAsWanted(live, name, rules)) &&
    (!desired.needsKeep || live.chains.has(chains.keep)) &&
    desired.jumps.every((jump) => jumpsOnceAndFirst(live, jump));
  const base = swapOf(desired.family, live);
  if (!isSame) {
    const swap = { ...base, chains: all, removed, jumps: desired.jumps, policies };
    return { swap, upkeep: null };
  }
  const upkeep = { ...base, chains: new Map([[chains.keep, kept]]) };
  return { swap: null, upkeep: desired.needsKeep && keep.length > 0 ? upkeep : null };
}

/** What leaves nothing of ours; null when there is nothing. */
export function iptablesRemoval(
  family: Family,
  live: ChainsState,
  isClosed: boolean,
): SwapChains | null {
  if (live.problem !== null) return null;
  const removed = ownChains(live);
  const policies = changedPolicies(new Map(), live, isClosed);
  return removed.length === 0 && policies.size === 0
    ? null
    : { ...swapOf(family, live), removed, policies };
}

/** Whether FORWARD holds anything that is not ours, a policy included. */
export function hasForeignForward({ chains: live, policies }: ChainsState): boolean {
  const own = jumpTo(chains.forward);
  return (
    policies.get('FORWARD') === 'DROP' || (live.get('FORWARD') ?? []).some((rule) => rule !== own)
  );
}

function swapOf(family: Family, before: ChainsState): SwapChains {
  return {
    ...{ kind: 'chains', effect: 'live', family },
    ...{ chains: new Map(), removed: [], jumps: [], policies: new Map(), before },
  };
}

/** Ours go in an order in which none is jumped to any more: `-X` comes after all are empty. */
function ownChains(live: ChainsState): readonly string[] {
  return [...live.chains.keys()].filter((name) => !isBuiltIn(name));
}

/** Policies that have to change. */
function changedPolicies(
  wanted: DesiredFirewall['policies'],
  { policies }: ChainsState,
  isClosed: boolean,
): DesiredFirewall['policies'] {
  const all = new Map([...(isClosed ? [['FORWARD', 'ACCEPT'] as const] : []), ...wanted]);
  return new Map([...all].filter(([name, policy]) => policies.get(name) !== policy));
}

function isAsWanted(live: ChainsState, name: string, rules: readonly string[]): boolean {
  const there = live.chains.get(name);
  return isEqual(there, rules) || isEqual(there, live.spelled.get(name));
}

function jumpsOnceAndFirst(
  { chains: live }: ChainsState,
  { from, to }: DesiredFirewall['jumps'][number],
): boolean {
  if (tableOf(from) !== tableOf(to)) throw new Error(`no jump leads from ${from} to ${to}`);
  return (live.get(from) ?? []).lastIndexOf(jumpTo(to)) === 0;
}

function isEqual(live: readonly string[] | undefined, rules: readonly string[] | undefined) {
  return (
    live !== undefined &&
    live.length === rules?.length &&
    rules.every((rule, index) => live[index] === rule)
  );
}
