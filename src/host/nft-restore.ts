import type { NftRule } from './change.ts';
import { checkedNftRule, isOwn, nameOf, ownTable } from './nft-text.ts';
import type { NftBaseChain, NftChain, NftState } from './query.ts';

/** Words for `nft -f`, and the rules in chains of others that go before. */
export interface NftRestore {
  readonly script: string;
  readonly removed: readonly NftRule[];
}

/**
 * One transaction that makes of the ruleset `live` the ruleset `wanted`, as far as our own chains and
 * single rules in chains of others go. Rules are in the words of `nft list`, which nft reads. null:
 * they are the same.
 */
export function nftRestore(live: NftState, wanted: NftState): NftRestore | null {
  const ownNow = live.bases.filter(isOwn);
  const ownThen = wanted.bases.filter(isOwn);
  const there = byName([...live.chains, ...ownNow]);
  const stays = byName([...wanted.chains, ...ownThen]);
  const goes = [...there.values()].filter((one) => !stays.has(nameOf(one)));
  const isChanged = (one: NftChain) => !isSame(there.get(nameOf(one)), one);
  const anew = ownThen.filter((base) => !isHookedAlike(there.get(nameOf(base)), base));
  const filled = [...wanted.chains, ...ownThen].filter((one) => isChanged(one) || isIn(anew, one));
  const theirs = wanted.bases
    .filter((base) => !isOwn(base))
    .map((base) => edit(live.bases.find((one) => nameOf(one) === nameOf(base))?.rules ?? [], base));
  const hasOwnLeft = [...wanted.chains, ...ownThen].some(isOwn);
  const lines = [
    ...ownThen.flatMap((base) => baseLines(base, there.get(nameOf(base)))),
    ...filled.filter((one) => !isIn(ownThen, one)).map((one) => `add chain ${nameOf(one)}`),
    ...[...filled, ...goes]
      .filter((one) => there.has(nameOf(one)) && !isIn(anew, one))
      .map((one) => `flush chain ${nameOf(one)}`),
    ...filled.flatMap((one) =>
      one.rules.map((rule) => `add rule ${nameOf(one)} ${checkedNftRule(rule)}`),
    ),
    ...theirs.flatMap((one) => one.lines),
    ...goes.map((one) => `delete chain ${nameOf(one)}`),
    ...(hasOwnLeft || ![...there.values()].some(isOwn)
      ? []
      : [`delete table ${ownTable.family} ${ownTable.table}`]),
  ];
  const removed = theirs.flatMap((one) => one.removed);
  if (lines.length === 0 && removed.length === 0) return null;
  return { script: lines.map((line) => `${line}\n`).join(''), removed };
}

const byName = <Chain extends NftChain>(chains: readonly Chain[]) =>
  new Map(chains.map((one) => [nameOf(one), one]));

const isIn = (chains: readonly NftChain[], one: NftChain): boolean =>
  chains.some((other) => nameOf(other) === nameOf(one));

function isSame(one: NftChain | undefined, other: NftChain): boolean {
  return one !== undefined && JSON.stringify(one.rules) === JSON.stringify(other.rules);
}

function isHookedAlike(one: NftChain | NftBaseChain | undefined, base: NftBaseChain): boolean {
  return (
    one !== undefined && 'hook' in one && one.hook === base.hook && one.priority === base.priority
  );
}

/** A base chain of our own table: made anew where it is hooked in another way. */
function baseLines(
  base: NftBaseChain,
  there: NftChain | NftBaseChain | undefined,
): readonly string[] {
  const name = nameOf(base);
  const hook = `type filter hook ${base.hook} priority ${numberOf(base.priority)};`;
  if (isHookedAlike(there, base)) {
    const isOther = there !== undefined && 'policy' in there && there.policy !== base.policy;
    return isOther ? [`add chain ${name} { policy ${base.policy}; }`] : [];
  }
  return [
    `add table ${base.family} ${base.table}`,
    ...(there === undefined ? [] : [`flush chain ${name}`, `delete chain ${name}`]),
    `add chain ${name} { ${hook} policy ${base.policy}; }`,
  ];
}

/** Names of priorities came with nft 0.9.1. */
function numberOf(priority: string): string {
  return (
    new Map([
      ['filter', '0'],
      ['raw', '-300'],
    ]).get(priority) ?? priority
  );
}

/** Rules that come to a chain of others, first or last, and those that go. */
function edit(live: readonly string[], wanted: NftBaseChain) {
  const name = nameOf(wanted);
  const { family, table, chain } = wanted;
  const kept = live.filter((rule) => wanted.rules.includes(rule));
  const firstKept = wanted.rules.findIndex((rule) => kept.includes(rule));
  const added = wanted.rules.filter((rule) => !live.includes(rule)).map(checkedNftRule);
  const isFirst = (rule: string) => firstKept < 0 || wanted.rules.indexOf(rule) < firstKept;
  const removed = [...new Set(live.filter((rule) => !wanted.rules.includes(rule)))];
  return {
    lines: [
      ...added
        .filter(isFirst)
        .toReversed()
        .map((rule) => `insert rule ${name} ${rule}`),
      ...added.filter((rule) => !isFirst(rule)).map((rule) => `add rule ${name} ${rule}`),
    ],
    removed: removed.map((rule): NftRule => ({ chain: { family, table, chain }, rule })),
  };
}
