import type { NftFamily, NftWanted } from '../host/query.ts';
import type { Family } from '../inventory/model.ts';
import { type ChainName, chains, type FirewallModel } from './firewall-model.ts';
import { type NftRule, nftRules } from './nft-rule.ts';

/** All chains of ours, to be asked for. */
export const nftChains: readonly ChainName[] = Object.values(chains);

/** dom0's filter for its guests in the words of nft. */
export interface NftFirewall {
  /** Families of addresses that it is about. */
  readonly families: readonly Family[];
  /** Rules for a table of each family that could hold some; XPUSH-KEEP is not among them. */
  readonly wanted: readonly NftWanted[];
  /** Chains that come first in the base chain, in this order. */
  readonly entries: readonly ChainName[];
  readonly policy: 'leave' | 'drop';
  /** Whether XPUSH-KEEP must be there. */
  readonly needsKeep: boolean;
}

/** The models of one dom0, at most one of each address family, in the words of nft. */
export function nftFirewall(models: readonly FirewallModel[]): NftFirewall {
  const of = (family: NftFamily): readonly FirewallModel[] =>
    models.filter((model) => covers(family, model.family));
  const names = [...new Set(models.flatMap((model) => model.chains.map(({ name }) => name)))];
  const entries = models.flatMap((model) =>
    model.chains.flatMap(({ name, entry }) => (entry === null ? [] : [name])),
  );
  return {
    families: models.map(({ family }) => family),
    wanted: (['ip', 'ip6', 'inet'] as const).flatMap((family) => {
      const chosen = of(family);
      const there = names.filter((name) =>
        chosen.some((model) => model.chains.some((chain) => chain.name === name)),
      );
      if (there.length === 0) return [];
      return [{ family, chains: new Map(there.map((name) => [name, rulesOf(name, chosen)])) }];
    }),
    entries: [...new Set(entries)],
    policy: models.some(({ policy }) => policy === 'drop') ? 'drop' : 'leave',
    needsKeep: models.some(({ needsKeep }) => needsKeep),
  };
}

/** Whether a table of this family sees packets of these addresses. */
export function covers(table: NftFamily, family: Family): boolean {
  return table === 'inet' || table === (family === 4 ? 'ip' : 'ip6');
}

/** The rules of a chain for all of these models, one or two. */
function rulesOf(name: ChainName, models: readonly FirewallModel[]): readonly string[] {
  const [first = [], second] = models.map((model) =>
    nftRules(model.chains.find((chain) => chain.name === name)?.rules ?? [], model.family),
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
    if (place < 0 || rule.unbound === null) {
      result.push(rule.text);
    } else {
      result.push(...rest.slice(0, place).map(({ text }) => text), rule.unbound);
      rest = rest.slice(place + 1);
    }
  }
  return [...result, ...rest.map(({ text }) => text)];
}
