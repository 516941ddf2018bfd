import { isOwn } from '../host/nft-text.ts';
import type { NftBaseChain, NftChain, NftState } from '../host/query.ts';
import type { Family } from '../inventory/model.ts';
import { type ChainName, chains } from './firewall-model.ts';
import { covers, type NftFirewall } from './nft-firewall.ts';
import { liveKeep } from './nft-keep.ts';
import { isOurJump, type NftPlace, tablesOf } from './nft-places.ts';

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
  const closing = firewall.policy === 'drop' ? toClose(firewall, places, live) : [];
  const theirs = live.bases.flatMap((one): readonly NftBaseChain[] => {
    if (one.isOfIptables) return [one];
    if (isOwn(one)) return [];
    const isPlace = places.some(({ live }) => live === one);
    const foreign = one.rules.filter((rule) => !isOurJump(rule));
    return [
      {
        ...one,
        policy: closing.includes(one) ? 'drop' : one.policy,
        rules: isPlace ? [...jumpsOf(firewall, 'forward'), ...foreign] : foreign,
      },
    ];
  });
  const own = places.filter(isOwn).map((place) => ownBase(firewall, place, places));
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

/** The ruleset without anything of ours; policies stay as they are. */
export function nftWithout(live: NftState): NftState {
  const theirs = live.bases.filter((one) => !isOwn(one));
  return {
    ...live,
    bases: theirs.map((one) =>
      one.isOfIptables ? one : { ...one, rules: one.rules.filter((rule) => !isOurJump(rule)) },
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

/** A base chain of our own table. It closes what it alone sees: of the other family it drops nothing. */
function ownBase(
  firewall: NftFirewall,
  { live: _live, ...place }: NftPlace,
  places: readonly NftPlace[],
): NftBaseChain {
  const { families, policy } = firewall;
  const closes = policy === 'drop' && place.hook === 'forward';
  const own = families.filter((family) => !isCovered(family, places));
  return {
    ...place,
    policy: closes && own.length > 1 ? 'drop' : 'accept',
    isOfIptables: false,
    isOwned: false,
    rules: [
      ...jumpsOf(firewall, place.hook),
      ...(closes && own.length === 1 ? own.map((family) => `meta nfproto ipv${family} drop`) : []),
    ],
  };
}

function jumpsOf({ hooks }: NftFirewall, hook: NftPlace['hook']): readonly string[] {
  return hooks[hook].entries.map((name) => `jump ${name}`);
}

/** For each family that no policy of others closes yet, the first place in others' tables that sees it. */
function toClose(
  { families }: NftFirewall,
  places: readonly NftPlace[],
  { bases }: NftState,
): readonly NftBaseChain[] {
  return families.flatMap((family) => {
    const seeing = bases.filter((one) => covers(one.family, family) && !isOwn(one));
    if (seeing.some(({ policy }) => policy === 'drop')) return [];
    return places.find((one) => covers(one.family, family) && !isOwn(one))?.live ?? [];
  });
}

function isCovered(family: Family, places: readonly NftPlace[]): boolean {
  return places.some((one) => covers(one.family, family) && !isOwn(one));
}
