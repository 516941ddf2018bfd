import type { NftFamily, NftWanted } from '../host/query.ts';
import type { Family } from '../inventory/model.ts';
import { type ChainName, chains, type FirewallModel } from './firewall-model.ts';
import type { FirewallRule } from './firewall-types.ts';
import { type NftRule, nftRules } from './nft-rule.ts';

/** All chains of ours, to be asked for. */
export const nftChains: readonly ChainName[] = Object.values(chains);

/** Where packets enter chains of ours. */
export type NftHook = 'forward' | 'prerouting';

/** dom0's filter for its guests in the words of nft. */
export interface NftFirewall {
  /** Families of addresses that it is about. */
  readonly families: readonly Family[];
  /** Rules for a table of each family that could hold some; XPUSH-KEEP is not among them. */
  readonly wanted: readonly NftWanted[];
  readonly hooks: Readonly<Record<NftHook, HookChains>>;
  readonly policy: 'leave' | 'drop';
  /** Whether XPUSH-KEEP must be there. */
  readonly needsKeep: boolean;
}

interface HookChains {
  /** Chains that come first in the base chain, in this order. */
  readonly entries: readonly ChainName[];
  /** Those, and all that they lead to, XPUSH-KEEP included. */
  readonly chains: readonly ChainName[];
}

/** The models of one dom0, at most one of each address family, in the words of nft. */
export function nftFirewall(models: readonly FirewallModel[]): NftFirewall {
  const hooks = { forward: hookOf('forward', models), prerouting: hookOf('prerouting', models) };
  return {
    families: models.map(({ family }) => family),
    wanted: (['ip', 'ip6', 'inet'] as const).flatMap((family) => {
      const chosen = models.filter((model) => covers(family, model.family));
      // what is hooked elsewhere than others' chains can be lies in our own table, of both families
      const names = [
        ...hooks.forward.chains,
        ...(family === 'inet' ? hooks.prerouting.chains : []),
      ];
      const there = [...new Set(names)].filter((name) => name !== chains.keep);
      if (chosen.length === 0 || there.length === 0) return [];
      return [{ family, chains: new Map(there.map((name) => [name, rulesOf(name, chosen)])) }];
    }),
    hooks,
    policy: models.some(({ policy }) => policy === 'drop') ? 'drop' : 'leave',
    needsKeep: models.some(({ needsKeep }) => needsKeep),
  };
}

/** Whether a table of this family sees packets of these addresses. */
export function covers(table: NftFamily, family: Family): boolean {
  return table === 'inet' || table === (family === 4 ? 'ip' : 'ip6');
}

function hookOf(hook: NftHook, models: readonly FirewallModel[]): HookChains {
  const all = models.flatMap((model) => model.chains);
  const entries = all.filter(({ entry }) => entry === hook).map(({ name }) => name);
  const found = new Set(entries);
  // a set goes on with what is added on the way
  for (const name of found) {
    for (const { verdict } of all
      .filter((chain) => chain.name === name)
      .flatMap(({ rules }) => rules)) {
      if (verdict.kind === 'jump') found.add(verdict.chain);
    }
  }
  return { entries: [...new Set(entries)], chains: [...found] };
}

/** Of a chain's rules in each family: they stand in tables of it, and in those of both. */
const written = {
  4: new WeakMap<readonly FirewallRule[], readonly NftRule[]>(),
  6: new WeakMap<readonly FirewallRule[], readonly NftRule[]>(),
} as const;

function inWords(rules: readonly FirewallRule[], family: Family): readonly NftRule[] {
  const known = written[family].get(rules);
  if (known !== undefined) return known;
  const made = nftRules(rules, family);
  written[family].set(rules, made);
  return made;
}

/** The rules of a chain for all of these models, one or two. */
function rulesOf(name: ChainName, models: readonly FirewallModel[]): readonly string[] {
  const [first = [], second] = models.map((model) =>
    inWords(model.chains.find((chain) => chain.name === name)?.rules ?? [], model.family),
  );
  const [firstFamily = 4, secondFamily = 6] = models.map(({ family }) => family);
  if (second === undefined) return first.map(({ text }) => text);
  return interleaved(bound(first, firstFamily), bound(second, secondFamily));
}

/** A rule with the words for a table that sees both families. */
interface BoundRule {
  readonly text: string;
  /** The same without what binds it to its family, where that is a word more. */
  readonly unbound: string | null;
}

function bound(rules: readonly NftRule[], family: Family): readonly BoundRule[] {
  return rules.map(({ text, isOfFamily }) =>
    isOfFamily
      ? { text, unbound: null }
      : { text: `meta nfproto ipv${family} ${text}`, unbound: text },
  );
}

/**
 * Both lists in one, each in its order. Each packet meets the rules of its own family alone, but for
 * those that both lists have: they are said once, and for both.
 */
function interleaved(first: readonly BoundRule[], second: readonly BoundRule[]): readonly string[] {
  const result: string[] = [];
  let rest = second;
  for (const rule of first) {
    const place = rest.findIndex(({ unbound }) => unbound !== null && unbound === rule.unbound);
    if (place < 0) {
      result.push(rule.text);
    } else {
      result.push(...rest.slice(0, place).map(({ text }) => text), rule.unbound ?? rule.text);
      rest = rest.slice(place + 1);
    }
  }
  return [...result, ...rest.map(({ text }) => text)];
}
