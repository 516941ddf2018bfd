import { isNftName } from '../host/nft-words.ts';
import type { NftBaseChain, NftChain, NftFamily, NftState } from '../host/query.ts';
import { covers, type NftFirewall, nftChains } from './nft-firewall.ts';

/** The table of ours, for a host that has no base chain hooked to forward. */
export const ownTable = { family: 'inet', table: 'xpush', chain: 'forward' } as const;

/** A base chain that jumps to our chains, which lie in its table. */
export interface NftPlace {
  readonly family: NftFamily;
  readonly table: string;
  readonly chain: string;
  /** What is there now; null: it is to be made. */
  readonly live: NftBaseChain | null;
}

/** A sentence, and what to do. */
interface Refused {
  readonly refusal: string;
  readonly hint: string;
}

/**
 * Where a packet must meet our rules. To be dropped in one base chain is the end of it, but accepted
 * it must be in every one; so every base chain of others that may drop gets them, first. Where none
 * may, the first one gets them, and where there is none, a table of ours.
 */
export function nftPlaces(
  { families }: NftFirewall,
  { forward }: NftState,
): { readonly places: readonly NftPlace[] } | Refused {
  const closed = forward.find((one) => one.isOfIptables && mayDrop(one));
  if (closed !== undefined) {
    return {
      refusal: `iptables-nft has rules of its own in table ${tableOf(closed)}: what native rules accept, they may still drop`,
      hint: 'set firewall: { backend: iptables } for this dom0, or move them to nftables',
    };
  }
  const theirs = forward.filter((one) => !one.isOfIptables && !isOwn(one));
  const chosen = families.flatMap((family) => {
    const candidates = theirs.filter((one) => covers(one.family, family));
    const dropping = candidates.filter(mayDrop);
    return dropping.length > 0 ? dropping : candidates.slice(0, 1);
  });
  for (const one of new Set(chosen)) {
    const refused = refusalOf(one);
    if (refused !== null) return refused;
  }
  const places = theirs.filter((one) => chosen.includes(one)).map(placeAt);
  const isCovered = families.every((family) => chosen.some((one) => covers(one.family, family)));
  return { places: isCovered ? places : [...places, ownPlace(forward)] };
}

function ownPlace(forward: readonly NftBaseChain[]): NftPlace {
  const live = forward.find((one) => isOwn(one) && one.chain === ownTable.chain);
  return { ...ownTable, live: live ?? null };
}

const placeAt = (live: NftBaseChain): NftPlace => ({
  family: live.family,
  table: live.table,
  chain: live.chain,
  live,
});

/** Whether a chain lies in the table of ours. */
export function isOwn({ family, table }: Pick<NftChain, 'family' | 'table'>): boolean {
  return family === ownTable.family && table === ownTable.table;
}

/** Whether a rule does nothing but jump to that chain; `xp_unjump` removes the same. */
export function isJumpTo(rule: string, chain: string): boolean {
  return (
    rule.replace(/^(?:counter )*/, '').replace(/(?: comment "[^"]*")*$/, '') === `jump ${chain}`
  );
}

/** Whether packets may be dropped there by what is not ours. */
function mayDrop({ policy, rules }: NftBaseChain): boolean {
  return policy === 'drop' || rules.some((rule) => !nftChains.some((name) => isJumpTo(rule, name)));
}

function refusalOf(one: NftBaseChain): Refused | null {
  if (one.isOwned) {
    return {
      refusal: `the nftables table ${tableOf(one)} may drop what is forwarded, and belongs to a running program that alone may change it`,
      hint: 'let that program (firewalld?) leave forwarding alone',
    };
  }
  return isNftName(one.table) && isNftName(one.chain)
    ? null
    : {
        refusal: `the nftables chain ${one.chain} of table ${tableOf(one)} has a name that nft itself does not take`,
        hint: 'give it another one',
      };
}

const tableOf = ({ family, table }: NftChain): string => `${family} ${table}`;

/** As nft's commands name a chain. */
export function nameOf({ family, table, chain }: Pick<NftChain, 'family' | 'table' | 'chain'>) {
  return `${family} ${table} ${chain}`;
}
