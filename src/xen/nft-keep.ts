import type { NftChain, NftState } from '../host/query.ts';
import type { Family } from '../inventory/model.ts';
import { chains, type FirewallRule } from './firewall-model.ts';
import { covers } from './nft-firewall.ts';
import type { NftPlace } from './nft-places.ts';
import { nftRules } from './nft-rule.ts';

/** XPUSH-KEEP's rules for a session, of each address family (`keepRules`). */
export type KeepRules = ReadonlyMap<Family, readonly FirewallRule[]>;

/** XPUSH-KEEP as it is in a table. */
export function liveKeep(
  live: NftState,
  place: Pick<NftChain, 'family' | 'table'>,
): readonly string[] {
  const found = live.chains.find(
    ({ family, table, chain }) =>
      chain === chains.keep && family === place.family && table === place.table,
  );
  return found?.rules ?? [];
}

/** The rules that XPUSH-KEEP of each table lacks for a session; none for tables that lack none. */
export function missingKeep(
  tables: readonly NftPlace[],
  live: NftState,
  keep: KeepRules,
): readonly NftChain[] {
  return tables.flatMap((place) => {
    const there = new Set(liveKeep(live, place).flatMap(pairsOf));
    const rules = [...keep].flatMap(([family, wanted]) =>
      covers(place.family, family)
        ? nftRules(
            wanted.filter(
              ({ source, destination }) => !there.has(`${bare(source)} ${bare(destination)}`),
            ),
            family,
          )
        : [],
    );
    const { family, table } = place;
    const texts = rules.map(({ text }) => text);
    return texts.length === 0 ? [] : [{ family, table, chain: chains.keep, rules: texts }];
  });
}

/** Who may reach whom by a rule of XPUSH-KEEP, whatever this host's nft calls port 22. */
function pairsOf(rule: string): readonly string[] {
  const match = /^ip6? saddr (\S+) ip6? daddr (\S+|\{ [^{}]* \}) tcp dport (?:22|ssh) accept$/.exec(
    rule,
  );
  const [, source = '', destinations = ''] = match ?? [];
  return destinations
    .split(/[{}, ]+/)
    .filter((word) => word !== '')
    .map((destination) => `${source} ${destination}`);
}

/** As nft prints single addresses. */
const bare = (cidr: string | null): string => (cidr ?? '').replace(/\/(?:32|128)$/, '');
