import { answerTo } from './answer.ts';
import type { LoadNft } from './change.ts';
import type { Inverse } from './inverse-result.ts';
import { keepChain } from './keep-chain.ts';
import { nftRestore } from './nft-restore.ts';
import { isOwn, nameOf } from './nft-text.ts';
import { isNftName } from './nft-words.ts';
import {
  type NftBaseChain,
  type NftChain,
  type NftState,
  type NftWanted,
  type Query,
  query,
} from './query.ts';
import type { HostState } from './state.ts';

/** The ruleset as it is, and how the host spells what the change made of it. */
export function nftInverseQueries(done: LoadNft): readonly Query[] {
  return [queryOf(done)];
}

function queryOf({ listed, after }: LoadNft) {
  const byFamily = new Map<NftWanted['family'], Map<string, readonly string[]>>();
  for (const { family, chain, rules } of after.chains) {
    const chains = byFamily.get(family) ?? new Map<string, readonly string[]>();
    byFamily.set(family, chains.set(chain, rules));
  }
  return query.nft(
    listed,
    Array.from(byFamily, ([family, chains]) => ({ family, chains })),
  );
}

/**
 * What gives our chains, and our rules in chains of others, back their state before the change. The
 * peers of sessions stay: they are added to, never compared.
 */
export function nftInverse(done: LoadNft, now: HostState): Inverse {
  const live = answerTo(now, queryOf(done));
  if (live === null) return { impossible: 'the ruleset of nftables could not be listed' };
  if (live.problem !== null) return { impossible: live.problem };
  const moved = whatMoved(done, live);
  if (moved !== null) return { moved: `the chain ${moved} of nftables is not as the run left it` };
  const wanted = targetOf(done, live);
  const names = [...live.bases, ...wanted.bases, ...live.chains, ...wanted.chains];
  const odd = names.find(({ table, chain }) => !isNftName(table) || !isNftName(chain));
  if (odd !== undefined) {
    return { impossible: `the chain ${nameOf(odd)} has a name that nft itself does not take` };
  }
  const restored = nftRestore(live, wanted);
  if (restored === null) return { changes: [], notes: [] };
  const { kind, effect, listed } = done;
  return {
    changes: [{ kind, effect, listed, ...restored, before: live, after: wanted }],
    notes: [],
  };
}

/** The first of ours that is neither as the change left it nor as it was before; null: none. */
function whatMoved({ before, after }: LoadNft, live: NftState): string | null {
  const states = [after, before, live].map(ownChains);
  for (const name of new Set(states.flatMap((own) => [...own.keys()]))) {
    const [left, old, found] = states.map((own) => own.get(name));
    if (found?.chain === keepChain || left?.chain === keepChain) continue;
    if (found === undefined) {
      if (left !== undefined && old !== undefined) return name;
      continue;
    }
    const spelled = live.spelled.find(({ family }) => family === found.family);
    const known = [left?.rules, old?.rules, spelled?.chains.get(found.chain)];
    if (!known.some((rules) => rules !== undefined && isEqual(found.rules, rules))) return name;
  }
  return null;
}

function ownChains({ bases, chains }: NftState): ReadonlyMap<string, NftChain> {
  return new Map([...chains, ...bases.filter(isOwn)].map((one) => [nameOf(one), one]));
}

/** The ruleset of now, with ours as they were. */
function targetOf({ before, after }: LoadNft, live: NftState): NftState {
  const keepers = new Map(live.chains.map((one) => [nameOf(one), one]));
  const chains = before.chains.map((one) =>
    one.chain === keepChain ? (keepers.get(nameOf(one)) ?? one) : one,
  );
  const theirs = live.bases
    .filter((one) => !isOwn(one))
    .map((one) => {
      const same = (other: NftBaseChain) => nameOf(other) === nameOf(one);
      const old = before.bases.find(same)?.rules ?? [];
      const left = after.bases.find(same)?.rules ?? [];
      return { ...one, rules: rulesBack(one.rules, old, left) };
    });
  const bases = [...theirs, ...before.bases.filter(isOwn)];
  const place = new Map(before.bases.map((one, index) => [nameOf(one), index]));
  const placeOf = (one: NftBaseChain) => place.get(nameOf(one)) ?? before.bases.length;
  return {
    bases: bases.toSorted((one, other) => placeOf(one) - placeOf(other)),
    ...{ chains, spelled: [], problem: null, fingerprint: null },
  };
}

/** Without the rules that the change brought, with those that it took: first or last, as they were. */
function rulesBack(
  live: readonly string[],
  old: readonly string[],
  left: readonly string[],
): readonly string[] {
  const kept = live.filter((rule) => old.includes(rule) || !left.includes(rule));
  const taken = old.filter((rule) => !kept.includes(rule));
  const firstKept = old.findIndex((rule) => kept.includes(rule));
  const isFirst = (rule: string) => firstKept < 0 || old.indexOf(rule) < firstKept;
  return [...taken.filter(isFirst), ...kept, ...taken.filter((rule) => !isFirst(rule))];
}

function isEqual(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((rule, index) => rule === other[index]);
}
