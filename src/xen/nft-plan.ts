import type { LoadNft, NftJump } from '../host/change.ts';
import { checkedNftRule } from '../host/nft-text.ts';
import type { NftBaseChain, NftChain, NftState } from '../host/query.ts';
import { chains } from './firewall-model.ts';
import { type NftFirewall, nftChains } from './nft-firewall.ts';
import { type KeepRules, missingKeep } from './nft-keep.ts';
import { isJumpTo, isOwn, nameOf, nftPlaces, ownTable } from './nft-places.ts';
import { isOurJump, nftTarget, tablesOf } from './nft-target.ts';

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
  const missing = firewall.needsKeep ? missingKeep(tablesOf(places), live, keep) : [];
  const after = nftTarget(firewall, places, live, missing);
  if (!isAsIn(live, nftTarget(firewall, places, live, []))) {
    return { load: replacement(firewall, live, after, missing), upkeep: null };
  }
  const upkeep = missing.length === 0 ? null : loadOf(addLines(missing), [], live, after);
  return { load: null, upkeep };
}

/** One transaction that leaves nothing of ours; null when there is nothing. */
export function nftRemoval(live: NftState): LoadNft | null {
  const after = nftTarget(null, [], live, []);
  return isAsIn(live, after) ? null : replacement(null, live, after, []);
}

function isAsIn(live: NftState, target: NftState): boolean {
  const text = ({ forward, chains }: NftState): string =>
    JSON.stringify([...forward.map(policyText), ...[...forward, ...chains].map(chainText)].sort());
  return text(live) === text(target);
}

const chainText = (one: NftChain): string => `${nameOf(one)} ${JSON.stringify(one.rules)}`;

const policyText = (one: NftBaseChain): string => `${nameOf(one)} ${one.policy}`;

/** All our chains anew, whatever differs. */
function replacement(
  firewall: NftFirewall | null,
  live: NftState,
  after: NftState,
  missing: readonly NftChain[],
): LoadNft {
  const stays = new Set([...after.chains, ...after.forward].map(nameOf));
  const goes = [...live.chains, ...live.forward].filter((one) => !stays.has(nameOf(one)));
  const usesOwn = after.forward.some(isOwn);
  const stale = usesOwn ? goes : goes.filter((one) => !isOwn(one));
  const hasOwn = [...live.chains, ...live.forward].some(isOwn);
  const refilled = after.chains.filter(({ chain }) => chain !== chains.keep);
  const base = after.forward.map((one) => baseLines(one, live));
  const lines = [
    ...after.forward.flatMap((one) => (isOwn(one) ? ownTableLines(one, live) : [])),
    ...after.chains.map((one) => `add chain ${nameOf(one)}`),
    ...[...refilled, ...stale].map((one) => `flush chain ${nameOf(one)}`),
    ...addLines(refilled.map((one) => ({ ...one, rules: wantedRules(firewall, one) }))),
    ...addLines(missing),
    ...base.flatMap((one) => one.lines),
    ...stale.map((one) => `delete chain ${nameOf(one)}`),
    ...(hasOwn && !usesOwn ? [`delete table ${ownTable.family} ${ownTable.table}`] : []),
  ];
  return loadOf(
    lines,
    base.flatMap(({ unjumped }) => unjumped),
    live,
    after,
  );
}

/** The table of ours with its base chain, which drops only once its rules are there. */
function ownTableLines(base: NftBaseChain, live: NftState): readonly string[] {
  const isThere = live.forward.some((one) => nameOf(one) === nameOf(base));
  return [
    `add table ${base.family} ${base.table}`,
    ...(isThere
      ? []
      : [`add chain ${nameOf(base)} { type filter hook forward priority 0; policy accept; }`]),
  ];
}

/** What gives a base chain its jumps and its policy. */
function baseLines(
  base: NftBaseChain,
  live: NftState,
): { readonly lines: readonly string[]; readonly unjumped: readonly NftJump[] } {
  const name = nameOf(base);
  const old = live.forward.find((one) => nameOf(one) === name);
  const jumps = base.rules.filter(isOurJump);
  const hasSameRules = JSON.stringify(old?.rules) === JSON.stringify(base.rules);
  const policy =
    (old?.policy ?? 'accept') === base.policy
      ? []
      : [`add chain ${name} { policy ${base.policy}; }`];
  if (hasSameRules) return { lines: policy, unjumped: [] };
  if (isOwn(base)) {
    const rules = [`flush chain ${name}`, ...jumps.map((jump) => `add rule ${name} ${jump}`)];
    return { lines: [...rules, ...policy], unjumped: [] };
  }
  const targets = nftChains.filter((to) => old?.rules.some((rule) => isJumpTo(rule, to)));
  return {
    lines: [...jumps.toReversed().map((jump) => `insert rule ${name} ${jump}`), ...policy],
    unjumped: targets.map((to) => ({ from: base, to })),
  };
}

/** A chain's rules in our words: what a host spelled is for comparing. */
function wantedRules(firewall: NftFirewall | null, one: NftChain): readonly string[] {
  const wanted = firewall?.wanted.find(({ family }) => family === one.family);
  return wanted?.chains.get(one.chain) ?? one.rules;
}

function addLines(added: readonly NftChain[]): readonly string[] {
  return added.flatMap((one) =>
    one.rules.map((rule) => `add rule ${nameOf(one)} ${checkedNftRule(rule)}`),
  );
}

function loadOf(
  lines: readonly string[],
  unjumped: readonly NftJump[],
  before: NftState,
  after: NftState,
): LoadNft {
  return {
    ...{ kind: 'nft', effect: 'live' },
    script: lines.map((line) => `${line}\n`).join(''),
    ...{ unjumped, before, after, listed: nftChains },
  };
}
