import type { NftBaseChain, NftState } from '../host/query.ts';
import { chains } from './firewall-model.ts';
import type { NftFirewall } from './nft-firewall.ts';
import { isOwn, nameOf, nftPlaces } from './nft-places.ts';
import { isOurJump, nftTarget, tablesOf } from './nft-target.ts';

/**
 * Our rules as a file for `nft -f`, in the tables where they are live: loaded after what the host
 * itself loads at boot, or into nothing, it gives the same as live. XPUSH-KEEP is empty in it. null
 * where there is no place for them (`nftPlan` says why). Where it has been loaded before, use
 * `nftHook`: this adds one more jump each time.
 */
export function nftFile(firewall: NftFirewall, live: NftState): string | null {
  const places = bootPlaces(firewall, live);
  if (places === null) return null;
  return text([...places.flatMap(baseLines), ...ruleLines(firewall, places)]);
}

/**
 * A hook that loads the same, at boot or after something else has loaded the ruleset anew, as often
 * as one likes. It never fails, so that what runs it goes on.
 */
export function nftHook(firewall: NftFirewall, live: NftState): string | null {
  const places = bootPlaces(firewall, live);
  if (places === null) return null;
  const prepare = places.map((one) => {
    const name = nameOf(one);
    return `nft list chain ${name} >/dev/null 2>&1 || cat <<'CHAIN'
${text(baseLines(one))}CHAIN
nft -s -a list chain ${name} 2>/dev/null |
  sed -n 's/^\t\t\\(counter \\)*jump XPUSH-[A-Z]*\\( comment "[^"]*"\\)* # handle \\([0-9]*\\)$/delete rule ${name} handle \\3/p'
`;
  });
  return `#!/bin/sh
# Written by xpush: what this dom0 forwards for its guests. Changes here are overwritten.
PATH=/usr/sbin:/sbin:/usr/bin:/bin
{
${prepare.join('')}cat <<'RULES'
${text(ruleLines(firewall, places))}RULES
} | nft -f /dev/stdin
exit 0
`;
}

/** The base chains that jump to our chains, as they are to be. */
function bootPlaces(firewall: NftFirewall, live: NftState): readonly NftBaseChain[] | null {
  if (live.problem !== null) return null;
  const found = nftPlaces(firewall, live);
  if ('refusal' in found) return null;
  const { forward } = nftTarget(firewall, found.places, live, []);
  const names = found.places.map(nameOf);
  return forward.filter((one) => names.includes(nameOf(one)));
}

/** A base chain, should nothing else have made it. */
const baseLines = (one: NftBaseChain): readonly string[] => [
  `add table ${one.family} ${one.table}`,
  `add chain ${nameOf(one)} { type filter hook forward priority ${isOwn(one) ? '0' : one.priority}; }`,
];

function ruleLines(
  { wanted, needsKeep, policy }: NftFirewall,
  bases: readonly NftBaseChain[],
): readonly string[] {
  const refilled = tablesOf(bases).flatMap(({ family, table }) => {
    const rules = wanted.find((one) => one.family === family)?.chains ?? [];
    return [...rules].map(([chain, rules]) => ({ family, table, chain, rules }));
  });
  const keep = needsKeep ? tablesOf(bases).map((one) => ({ ...one, chain: chains.keep })) : [];
  return [
    ...[...refilled, ...keep].map((one) => `add chain ${nameOf(one)}`),
    ...refilled.map((one) => `flush chain ${nameOf(one)}`),
    ...refilled.flatMap((one) => one.rules.map((rule) => `add rule ${nameOf(one)} ${rule}`)),
    ...bases.flatMap((one) => {
      const jumps = one.rules.filter(isOurJump).toReversed();
      return jumps.map((jump) => `insert rule ${nameOf(one)} ${jump}`);
    }),
    ...(policy === 'drop' ? bases.filter((one) => one.policy === 'drop') : []).map(
      (one) => `add chain ${nameOf(one)} { policy drop; }`,
    ),
  ];
}

const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
