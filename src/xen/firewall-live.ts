import type { Change } from '../host/change.ts';
import {
  type ChainsState,
  type FirewallBackend,
  type FirewallFacts,
  type NftState,
  query,
} from '../host/query.ts';
import type { Dom0Firewall, DomU, Family } from '../inventory/model.ts';
import {
  type DesiredFirewall,
  iptablesChains,
  iptablesFirewall,
  missingKeepRules,
} from './firewall.ts';
import { chooseBackend } from './firewall-backend.ts';
import { bootScript } from './firewall-boot.ts';
import { chains, type FirewallModel, keepRules } from './firewall-model.ts';
import { iptablesPlan, iptablesRemoval } from './firewall-swap.ts';
import { nftHook } from './nft-boot.ts';
import { nftChains, nftFirewall } from './nft-firewall.ts';
import { nftPlan, nftRemoval } from './nft-plan.ts';

/** What is known of a dom0 for its firewall. */
export interface SeenFirewall {
  readonly facts: FirewallFacts;
  readonly live: Readonly<Record<Family, ChainsState>>;
  readonly native: NftState;
  /** The address of the pushing session. */
  readonly peer: string | null;
}

/**
 * Asks for the live rules, each back end's beside what the models want of it. Unless nftables is
 * wanted, iptables holds the firewall where it has a rule (`chooseBackend`).
 */
export function liveQueries(models: readonly FirewallModel[], backend: Dom0Firewall['backend']) {
  const wanted = new Map(
    models.map((model) => [model.family, iptablesFirewall(model).chains] as const),
  );
  return {
    live4: query.comparedChains(4, iptablesChains, wanted.get(4) ?? new Map()),
    live6: query.comparedChains(6, iptablesChains, wanted.get(6) ?? new Map()),
    native: query.nft(nftChains, nftFirewall(models).wanted, backend !== 'nftables'),
  } as const;
}

/** Whose FORWARD we gave the policy DROP, where it had another: `iptables`, `ip6tables`. */
export type Closed = readonly string[];

/** What makes the live rules as described. */
export interface LivePlan {
  readonly backend: FirewallBackend;
  readonly changes: readonly Change[];
  readonly upkeep: readonly Change[];
  /** What will be closed by us then. */
  readonly closed: Closed;
  /** What loads the same rules at boot. */
  readonly script: string;
}

interface Refused {
  readonly refusal: string;
  readonly hint: string | null;
  /** Whether something is not installed. */
  readonly isLack?: boolean;
}

const families = [4, 6] as const;

const toolOf = (family: Family): string => (family === 4 ? 'iptables' : 'ip6tables');

/**
 * The rules in the back end that decides on this host, and nothing of ours in any other.
 * `closed`: by an earlier run.
 */
export function livePlan(
  backend: Dom0Firewall['backend'],
  models: readonly FirewallModel[],
  guests: readonly DomU[],
  seen: SeenFirewall,
  closed: Closed,
): LivePlan | Refused {
  const chosen = chooseBackend(backend, { ...seen, live: families.map((one) => seen.live[one]) });
  if ('refusal' in chosen) return chosen;
  return chosen.backend === 'nftables'
    ? nativePlan(models, guests, seen, closed)
    : ofIptables(chosen.backend, models, guests, seen, closed);
}

/** What leaves nothing of ours in any back end. */
export function liveRemoval(seen: SeenFirewall, closed: Closed): readonly Change[] {
  return [...iptablesRemovals(families, seen, closed), ...nativeRemoval(seen)];
}

function ofIptables(
  backend: 'iptables-nft' | 'iptables-legacy',
  models: readonly FirewallModel[],
  guests: readonly DomU[],
  seen: SeenFirewall,
  closed: Closed,
): LivePlan | Refused {
  const desired = models.map(iptablesFirewall);
  const missing = desired.find(({ family }) => seen.live[family].problem !== null);
  if (missing !== undefined) {
    const refusal = seen.live[missing.family].problem ?? '';
    const isLack = refusal.includes('is not installed');
    return { refusal, hint: 'it is for the IPv6 addresses of the guests', isLack };
  }
  const plans = desired.map((one) =>
    iptablesPlan(
      one,
      seen.live[one.family],
      missingKeep(one, guests, seen),
      closed.includes(toolOf(one.family)),
    ),
  );
  const others = families.filter((family) => desired.every((one) => one.family !== family));
  return {
    backend,
    changes: [
      ...plans.flatMap(({ swap }) => swap ?? []),
      ...iptablesRemovals(others, seen, closed),
      ...nativeRemoval(seen),
    ],
    upkeep: plans.flatMap(({ upkeep }) => upkeep ?? []),
    closed: desired.flatMap(({ family, policies }) => {
      const tool = toolOf(family);
      const isClosed = seen.live[family].policies.get('FORWARD') === 'DROP';
      return policies.has('FORWARD') && (!isClosed || closed.includes(tool)) ? [tool] : [];
    }),
    script: bootScript(desired),
  };
}

function missingKeep(
  { family, needsKeep }: DesiredFirewall,
  guests: readonly DomU[],
  { live, peer }: SeenFirewall,
): readonly string[] {
  if (!needsKeep) return [];
  const existing = live[family].chains.get(chains.keep) ?? [];
  return missingKeepRules(existing, keepRules(peer, guests, family), family);
}

function nativePlan(
  models: readonly FirewallModel[],
  guests: readonly DomU[],
  seen: SeenFirewall,
  closed: Closed,
): LivePlan | Refused {
  const desired = nftFirewall(models);
  const native = withoutIptables(seen);
  const keep = new Map(
    models.map(({ family }) => [family, keepRules(seen.peer, guests, family)] as const),
  );
  const plan = nftPlan(desired, native, keep);
  if ('refusal' in plan) return plan;
  const script = nftHook(desired, native);
  if (script === null) throw new Error('rules that are live have no place at boot');
  return {
    backend: 'nftables',
    changes: [
      ...(plan.load === null ? [] : [plan.load]),
      ...iptablesRemovals(families, seen, closed),
    ],
    upkeep: plan.upkeep === null ? [] : [plan.upkeep],
    closed: [],
    script,
  };
}

function iptablesRemovals(
  removed: readonly Family[],
  { live }: SeenFirewall,
  closed: Closed,
): readonly Change[] {
  return removed.flatMap(
    (family) => iptablesRemoval(family, live[family], closed.includes(toolOf(family))) ?? [],
  );
}

/** It comes after a change of iptables', which the listing of nft shows too: it expects no state. */
function nativeRemoval(seen: SeenFirewall): readonly Change[] {
  if (seen.native.problem !== null) return [];
  const load = nftRemoval({ ...withoutIptables(seen), fingerprint: null });
  return load === null ? [] : [load];
}

/** The ruleset without the chains of ours that iptables-nft made, which are iptables' to change. */
function withoutIptables({ facts, live, native }: SeenFirewall): NftState {
  if (facts.iptables !== 'iptables-nft') return native;
  const ofIptables = families.flatMap((family) =>
    live[family].problem === null
      ? ['filter', 'raw'].map((table) => `${family === 4 ? 'ip' : 'ip6'} ${table}`)
      : [],
  );
  const chains = native.chains.filter(
    ({ family, table }) => !ofIptables.includes(`${family} ${table}`),
  );
  return { ...native, chains };
}
