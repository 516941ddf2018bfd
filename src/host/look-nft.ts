import {
  asText,
  type LookPart,
  type Observation,
  type Section,
  type Sections,
} from './look-part.ts';
import { filterRuleset } from './nft-ruleset.ts';
import { nftChainText, nftScript, parseNft, parseSpelled } from './nft-text.ts';
import type { NftWanted, QueryOf } from './query.ts';
import { quote, quoteAll } from './quote.ts';

/** The ruleset of nftables, which other parts look into. */
export const lookRuleset: LookPart = {
  runtime: ['nft.sh'],
  lines: (asked) => {
    const all = asked('nft');
    if (all.length === 0) return [];
    const saved = new Set(asked('chains').map(({ family }) => family));
    const isBeside = saved.size === 2 && all.every((one) => one.isBeside);
    return [`xp_look_ruleset${isBeside ? ' beside' : ''}`];
  },
  read: () => [],
};

/** Chains of native nftables. */
export const lookNft: LookPart = {
  runtime: ['nft.sh'],
  lines: (asked) =>
    asked('nft').flatMap(({ chains, wanted }, index) => [
      `xp_look_nft nft${index} ${quote(nftScript(chains))}`,
      ...wanted.map((one) => spellLine(one, index)),
    ]),
  read: (asked, sections) =>
    asked('nft').map((one, index) => [one, observeNft(one, index, sections)]),
};

/** Chains that are jumped to, and not compared, must be there to be jumped to. */
function spellLine({ family, chains }: NftWanted, index: number): string {
  const targets = [...chains.values()]
    .flat()
    .flatMap((rule) => / jump (\S+)/.exec(` ${rule}`)?.[1] ?? []);
  const empty = [...new Set(targets)].filter((chain) => !chains.has(chain));
  const texts = [...chains].map(([chain, rules]) => nftChainText(chain, rules));
  const others = empty.map((chain) => nftChainText(chain, [])).join('');
  return `xp_spell_nft nft${index}.${family} ${family} ${quoteAll([others, ...texts])}`;
}

function observeNft(
  { chains, wanted }: QueryOf<'nft'>,
  index: number,
  sections: Sections,
): Observation {
  const body = listed(chains, index, sections);
  if (body === null) return { failure: 'the chains of nftables could not be listed' };
  const spelled = wanted.flatMap(
    (one) => spelledIn(sections.get(`nft${index}.${one.family}`), one) ?? [],
  );
  return { answer: parseNft(asText(body), chains, body, spelled) };
}

function spelledIn(section: Section | undefined, wanted: NftWanted): NftWanted | null {
  return section?.status === 0 ? parseSpelled(asText(section.body), wanted) : null;
}

/** What `xp_list_nft` prints, cut by the host or here. */
function listed(chains: readonly string[], index: number, sections: Sections): string | null {
  const ruleset = sections.get('ruleset');
  if (ruleset !== undefined) return filterRuleset(ruleset.body, chains);
  return sections.get(`nft${index}`)?.body ?? null;
}
