import type { LoadNft, NftRule } from '../host/change.ts';
import { checkedNftRule, isOwn, nameOf, ownTable } from '../host/nft-text.ts';
import type { NftBaseChain, NftChain, NftState } from '../host/query.ts';
import { chains } from './firewall-model.ts';
import { type NftFirewall, nftChains } from './nft-firewall.ts';
import { type KeepRules, missingKeep } from './nft-keep.ts';
import { isOurs, nftPlaces, tablesOf } from './nft-places.ts';
import { chainsIn, nftTarget, nftWithout } from './nft-target.ts';

/** What makes native nftables hold the firewall. */
export interface NftPlan {
  /** null: it is as it should be. */
  readonly load: LoadNft | null;
  /** Lets the pushing session's peer in, which is no difference from what is described; null with `load`. */
  readonly upkeep: LoadNft | null;
}

/** One transaction from what is there to what is wanted; others' rules stay as they are. */
export function nftPlan(
  firewall: NftFirewall,
  live: NftState,
  keep: KeepRules,
): NftPlan | { readonly refusal: string; readonly hint: string } {
  if (live.problem !== null) return { refusal: live.problem, hint: 'install nftables' };
  const found = nftPlaces(firewall, live);
  if ('refusal' in found) return found;
  const { places } = found;
  const tables = tablesOf(places);
  const keepers = tables.filter((table) =>
    chainsIn(table, firewall, places).some(({ chain }) => chain === chains.keep),
  );
  const missing = firewall.needsKeep ? missingKeep(keepers, live, keep) : [];
  const after = nftTarget(firewall, places, live, missing);
  if (isAsIn(live, nftTarget(firewall, places, live, []))) {
    const upkeep = missing.length === 0 ? null : loadOf(addLines(missing), [], live, after);
    return { load: null, upkeep };
  }
  const own = tables.flatMap((table) => chainsIn(table, firewall, places));
  const refilled = own.filter(({ chain }) => chain !== chains.keep);
  return { load: replacement(live, after, refilled, missing), upkeep: null };
}

/** One transaction that leaves nothing of ours; null when there is nothing. */
export function nftRemoval(live: NftState): LoadNft | null {
  const after = nftWithout(live);
  return isAsIn(live, after) ? null : replacement(live, after, [], []);
}

function isAsIn(live: NftState, target: NftState): boolean {
  const text = ({ bases, chains }: NftState): string =>
    JSON.stringify(
      [
        ...bases.map((one) => [nameOf(one), one.hook, one.priority, one.policy, one.rules]),
        ...chains.map((one) => [nameOf(one), one.rules]),
      ]
        .map((one) => JSON.stringify(one))
        .sort(),
    );
  return text(live) === text(target);
}

/** All our chains anew, whatever differs. `refilled` in our words, `added` to what is there. */
function replacement(
  live: NftState,
  after: NftState,
  refilled: readonly NftChain[],
  added: readonly NftChain[],
): LoadNft {
  const stays = new Set([...after.chains, ...after.bases].map(nameOf));
  const hasOwn = [...live.chains, ...live.bases].some(isOwn);
  const keepsOwn = after.bases.some(isOwn);
  const goes = [...live.chains, ...live.bases].filter(
    (one) => !stays.has(nameOf(one)) && (keepsOwn || !isOwn(one)),
  );
  const bases = after.bases.map((one) => baseLines(one, live));
  const lines = [
    ...after.bases.filter(isOwn).flatMap((one) => ownLines(one, live)),
    ...after.chains.map((one) => `add chain ${nameOf(one)}`),
    ...[...refilled, ...goes].map((one) => `flush chain ${nameOf(one)}`),
    ...addLines([...refilled, ...added]),
    ...bases.flatMap((one) => one.lines),
    ...goes.map((one) => `delete chain ${nameOf(one)}`),
    ...(hasOwn && !keepsOwn ? [`delete table ${ownTable.family} ${ownTable.table}`] : []),
  ];
  return loadOf(
    lines,
    bases.flatMap(({ removed }) => removed),
    live,
    after,
  );
}

/** Our own table with a base chain. */
function ownLines(base: NftBaseChain, live: NftState): readonly string[] {
  const name = nameOf(base);
  const there = live.bases.find((one) => nameOf(one) === name);
  const isSame = there?.hook === base.hook && there.priority === base.priority;
  return [
    `add table ${base.family} ${base.table}`,
    ...(there === undefined || isSame ? [] : [`flush chain ${name}`, `delete chain ${name}`]),
    ...(isSame ? [] : [`add chain ${name} { ${declarationOf(base)} policy accept; }`]),
  ];
}

/** In numbers: their names came with nft 0.9.1. */
export function declarationOf({ hook, priority }: NftBaseChain): string {
  const numbers = new Map([
    ['filter', '0'],
    ['raw', '-300'],
  ]);
  return `type filter hook ${hook} priority ${numbers.get(priority) ?? priority};`;
}

/** What gives a base chain our rules. */
function baseLines(
  base: NftBaseChain,
  live: NftState,
): { readonly lines: readonly string[]; readonly removed: readonly NftRule[] } {
  const name = nameOf(base);
  const there = live.bases.find((one) => nameOf(one) === name);
  if (isOwn(base)) {
    const policy = there?.policy === 'drop' ? [`add chain ${name} { policy accept; }`] : [];
    return { lines: [`flush chain ${name}`, ...addLines([base]), ...policy], removed: [] };
  }
  const old = there?.rules ?? [];
  if (JSON.stringify(old) === JSON.stringify(base.rules)) return { lines: [], removed: [] };
  return {
    lines: ourLines(base),
    removed: [...new Set(old.filter(isOurs))].map((rule) => ({ chain: base, rule })),
  };
}

/** Our rules for a base chain that has none of them: jumps first, and what closes last. */
export function ourLines(base: NftBaseChain): readonly string[] {
  const ours = base.rules.filter(isOurs);
  const jumps = ours.filter((rule) => rule.startsWith('jump '));
  return [
    ...jumps.toReversed().map((rule) => `insert rule ${nameOf(base)} ${rule}`),
    ...ours.slice(jumps.length).map((rule) => `add rule ${nameOf(base)} ${rule}`),
  ];
}

function addLines(added: readonly NftChain[]): readonly string[] {
  return added.flatMap((one) =>
    one.rules.map((rule) => `add rule ${nameOf(one)} ${checkedNftRule(rule)}`),
  );
}

function loadOf(
  lines: readonly string[],
  removed: readonly NftRule[],
  before: NftState,
  after: NftState,
): LoadNft {
  return {
    ...{ kind: 'nft', effect: 'live' },
    script: lines.map((line) => `${line}\n`).join(''),
    ...{ removed, before, after, listed: nftChains },
  };
}
