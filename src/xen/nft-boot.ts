import { isOwn, nameOf } from '../host/nft-text.ts';
import type { NftBaseChain, NftState } from '../host/query.ts';
import { chains } from './firewall-model.ts';
import type { NftFirewall } from './nft-firewall.ts';
import { type NftPlace, nftPlaces, tablesOf } from './nft-places.ts';
import { declarationOf, ourLines } from './nft-plan.ts';
import { chainsIn, nftTarget } from './nft-target.ts';

/**
 * Our rules as a file for `nft -f`, in the tables where they are live: loaded after what the host
 * itself loads at boot, or into nothing, it gives the same as live. XPUSH-KEEP is empty in it. null
 * where there is no place for them (`nftPlan` says why). Where it has been loaded before, use
 * `nftHook`: this adds one more jump each time.
 */
export function nftFile(firewall: NftFirewall, live: NftState): string | null {
  const boot = bootOf(firewall, live);
  return boot === null ? null : text([...boot.bases.flatMap(baseLines), ...ruleLines(boot)]);
}

/**
 * A hook that loads the same, at boot or after something else has loaded the ruleset anew, as often
 * as one likes. It never fails, so that what runs it goes on.
 */
export function nftHook(firewall: NftFirewall, live: NftState): string | null {
  const boot = bootOf(firewall, live);
  if (boot === null) return null;
  const prepare = boot.bases.map((one) => {
    const name = nameOf(one);
    return `nft list chain ${name} >/dev/null 2>&1 || cat <<'CHAIN'
${text(baseLines(one))}CHAIN
nft -s -a list chain ${name} 2>/dev/null |
  sed -n -e 's/^\t\t\\(counter \\)*jump XPUSH-[A-Z]*\\( comment "[^"]*"\\)* # handle \\([0-9]*\\)$/delete rule ${name} handle \\3/p' \\
    -e 's/^\t\t\\(meta nfproto ipv[46] \\)*drop comment "xpush" # handle \\([0-9]*\\)$/delete rule ${name} handle \\2/p'
`;
  });
  return `#!/bin/sh
# Written by xpush: what this dom0 forwards for its guests. Changes here are overwritten.
PATH=/usr/sbin:/sbin:/usr/bin:/bin
{
${prepare.join('')}cat <<'RULES'
${text(ruleLines(boot))}RULES
} | nft -f /dev/stdin
exit 0
`;
}

interface Boot {
  readonly firewall: NftFirewall;
  readonly places: readonly NftPlace[];
  /** The base chains of the places, as they are to be. */
  readonly bases: readonly NftBaseChain[];
}

function bootOf(firewall: NftFirewall, live: NftState): Boot | null {
  if (live.problem !== null) return null;
  const found = nftPlaces(firewall, live);
  if ('refusal' in found) return null;
  const { places } = found;
  const names = places.map(nameOf);
  const { bases } = nftTarget(firewall, places, live, []);
  return { firewall, places, bases: bases.filter((one) => names.includes(nameOf(one))) };
}

/** A base chain, should nothing else have made it. */
const baseLines = (one: NftBaseChain): readonly string[] => [
  `add table ${one.family} ${one.table}`,
  `add chain ${nameOf(one)} { ${declarationOf(one)} }`,
];

function ruleLines({ firewall, places, bases }: Boot): readonly string[] {
  const own = tablesOf(places).flatMap((table) => chainsIn(table, firewall, places));
  return [
    ...own.map((one) => `add chain ${nameOf(one)}`),
    ...own.filter(({ chain }) => chain !== chains.keep).map((one) => `flush chain ${nameOf(one)}`),
    ...own.flatMap((one) => one.rules.map((rule) => `add rule ${nameOf(one)} ${rule}`)),
    ...bases.flatMap((one) =>
      isOwn(one)
        ? [
            `flush chain ${nameOf(one)}`,
            ...one.rules.map((rule) => `add rule ${nameOf(one)} ${rule}`),
          ]
        : ourLines(one),
    ),
  ];
}

const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
