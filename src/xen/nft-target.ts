import { isOwn } from '../host/nft-text.ts';
import type { NftBaseChain, NftChain, NftState } from '../host/query.ts';
import type { Family } from '../inventory/model.ts';
import { type ChainName, chains } from './firewall-model.ts';
import { covers, type NftFirewall } from './nft-firewall.ts';
import { liveKeep } from './nft-keep.ts';
import { closingRule, isOurs, type NftPlace, tablesOf } from './nft-places.ts';

/**
 * The ruleset once it is as described, as far as a look tells it. `added`: what XPUSH-KEEP gets
 * besides what it has, by table.
 */
export function nftTarget(
  firewall: NftFirewall,
  places: readonly NftPlace[],
  live: NftState,
  added: readonly NftChain[],
): NftState {
  const closing = closedBy(firewall, places, live);
  const rulesAt = (place: NftPlace, foreign: readonly string[]): readonly string[] => [
    ...firewall.hooks[place.hook].entries.map((name) => `jump ${name}`),
    ...foreign,
    ...(closing.get(place) ?? []),
  ];
  const theirs = live.bases.flatMap((one): readonly NftBaseChain[] => {
    if (one.isOfIptables) return [one];
    if (isOwn(one)) return [];
    const foreign = one.rules.filter((rule) => !isOurs(rule));
    const place = places.find(({ live }) => live === one);
    return [{ ...one, rules: place === undefined ? foreign : rulesAt(place, foreign) }];
  });
  const own = places.filter(isOwn).map((place): NftBaseChain => {
    const { live: _, ...base } = place;
    const attributes = { policy: 'accept', isOfIptables: false, isOwned: false } as const;
    return { ...base, ...attributes, rules: rulesAt(place, []) };
  });
  return {
    ...live,
    bases: [...theirs, ...own],
    chains: tablesOf(places)
      .flatMap((place) =>
        chainsIn(place, firewall, places).map(({ chain, rules }) => {
          const { family, table } = place;
          const spelled = live.spelled.find((one) => one.family === family)?.chains.get(chain);
          return { family, table, chain, rules: spelled ?? rules };
        }),
      )
      .map((one) => (one.chain === chains.keep ? withKeep(one, live, added) : one)),
    fingerprint: null,
  };
}

/** The ruleset without anything of ours. */
export function nftWithout(live: NftState): NftState {
  const theirs = live.bases.filter((one) => !isOwn(one));
  return {
    ...live,
    bases: theirs.map((one) =>
      one.isOfIptables ? one : { ...one, rules: one.rules.filter((rule) => !isOurs(rule)) },
    ),
    chains: [],
    fingerprint: null,
  };
}

/** Our chains in the table of a place, in our own words; XPUSH-KEEP is empty. */
export function chainsIn(
  table: NftPlace,
  { hooks, wanted }: NftFirewall,
  places: readonly NftPlace[],
): readonly NftChain[] {
  const here = places.filter((one) => one.family === table.family && one.table === table.table);
  const names = new Set<ChainName>(here.flatMap(({ hook }) => hooks[hook].chains));
  const rules = wanted.find(({ family }) => family === table.family)?.chains;
  return [...names].map((chain) => ({
    ...{ family: table.family, table: table.table, chain },
    rules: rules?.get(chain) ?? [],
  }));
}

function withKeep(one: NftChain, live: NftState, added: readonly NftChain[]): NftChain {
  const more = added.find(({ family, table }) => family === one.family && table === one.table);
  return { ...one, rules: [...liveKeep(live, one), ...(more?.rules ?? [])] };
}

/**
 * What closes: for each family that no policy of others closes, a last rule of the first place that
 * sees it.
 */
function closedBy(
  { families, policy }: NftFirewall,
  places: readonly NftPlace[],
  { bases }: NftState,
): ReadonlyMap<NftPlace, readonly string[]> {
  if (policy === 'leave') return new Map();
  const open = families.filter(
    (family) =>
      !bases.some((one) => covers(one.family, family) && !isOwn(one) && one.policy === 'drop'),
  );
  const forward = places.filter(({ hook }) => hook === 'forward');
  const first = (family: Family) => forward.find((one) => covers(one.family, family));
  return new Map(
    forward.flatMap((place): readonly (readonly [NftPlace, readonly string[]])[] => {
      const closed = open.filter((family) => first(family) === place);
      const [family] = closed;
      if (family === undefined) return [];
      const isAll = closed.length > 1 || place.family !== 'inet';
      return [[place, [closingRule(isAll ? null : family)]]];
    }),
  );
}
