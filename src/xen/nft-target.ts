import type { NftBaseChain, NftChain, NftState } from '../host/query.ts';
import { chains } from './firewall-model.ts';
import { covers, type NftFirewall, nftChains } from './nft-firewall.ts';
import { liveKeep } from './nft-keep.ts';
import { isJumpTo, isOwn, type NftPlace } from './nft-places.ts';

/**
 * The ruleset once it is as described, as far as a look tells it. No places: once nothing of ours is
 * left. `keep`: what XPUSH-KEEP gets besides what it has, by table.
 */
export function nftTarget(
  firewall: NftFirewall | null,
  places: readonly NftPlace[],
  live: NftState,
  keep: readonly NftChain[],
): NftState {
  const closing = firewall?.policy === 'drop' ? toClose(firewall, places, live) : [];
  const entries = firewall?.entries ?? [];
  const jumps = entries.map((name) => `jump ${name}`);
  const theirs = live.forward.flatMap((one): readonly NftBaseChain[] => {
    if (one.isOfIptables) return [one];
    if (isOwn(one)) return [];
    const foreign = one.rules.filter((rule) => !isOurJump(rule));
    const isPlace = places.some(({ live }) => live === one);
    const policy = closing.includes(one) ? 'drop' : one.policy;
    return [{ ...one, policy, rules: isPlace ? [...jumps, ...foreign] : foreign }];
  });
  const own = places.filter(isOwn).map(
    (place): NftBaseChain => ({
      ...{ family: place.family, table: place.table, chain: place.chain },
      ...{ priority: place.live?.priority ?? 'filter', isOfIptables: false, isOwned: false },
      policy: firewall?.policy === 'drop' ? 'drop' : 'accept',
      rules: jumps,
    }),
  );
  return {
    forward: [...theirs, ...own],
    chains: tablesOf(places).flatMap((place) => chainsIn(place, firewall, live, keep)),
    spelled: live.spelled,
    problem: live.problem,
    fingerprint: null,
  };
}

/** One of each table. */
export function tablesOf<Place extends Pick<NftChain, 'family' | 'table'>>(
  places: readonly Place[],
): readonly Place[] {
  return [...new Map(places.map((place) => [`${place.family} ${place.table}`, place])).values()];
}

export function isOurJump(rule: string): boolean {
  return nftChains.some((name) => isJumpTo(rule, name));
}

function chainsIn(
  place: NftPlace,
  firewall: NftFirewall | null,
  live: NftState,
  keep: readonly NftChain[],
): readonly NftChain[] {
  const { family, table } = place;
  const wanted = firewall?.wanted.find((one) => one.family === family)?.chains;
  const spelled = live.spelled.find((one) => one.family === family)?.chains;
  const added = keep.find((one) => one.family === family && one.table === table)?.rules ?? [];
  return [
    ...[...(wanted ?? [])].map(([chain, rules]) => ({
      ...{ family, table, chain },
      rules: spelled?.get(chain) ?? rules,
    })),
    ...(firewall?.needsKeep === true
      ? [{ family, table, chain: chains.keep, rules: [...liveKeep(live, place), ...added] }]
      : []),
  ];
}

/** For each family that nothing closes yet, the first place that sees it. */
function toClose(
  { families }: NftFirewall,
  places: readonly NftPlace[],
  { forward }: NftState,
): readonly NftBaseChain[] {
  return families.flatMap((family) => {
    const seeing = forward.filter((one) => covers(one.family, family));
    if (seeing.some((one) => one.policy === 'drop' && !isOwn(one))) return [];
    return places.find((place) => covers(place.family, family))?.live ?? [];
  });
}
