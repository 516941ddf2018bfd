import { isOwn, nameOf, ownTable } from '../host/nft-text.ts';
import { isNftName } from '../host/nft-words.ts';
import type { NftBaseChain, NftChain, NftFamily, NftState } from '../host/query.ts';
import type { Family } from '../inventory/model.ts';
import { covers, type NftFirewall, type NftHook, nftChains } from './nft-firewall.ts';

/** A base chain that jumps to our chains, which lie in its table. */
export interface NftPlace {
  readonly family: NftFamily;
  readonly table: string;
  readonly chain: string;
  readonly hook: NftHook;
  /** As nft prints it. */
  readonly priority: string;
  /** What is there now; null: it is to be made. */
  readonly live: NftBaseChain | null;
}

/** Base chains of our own table; -300 is before connection tracking. */
const ownBases = {
  forward: { ...ownTable, chain: 'forward', hook: 'forward', priority: 'filter' },
  prerouting: { ...ownTable, chain: 'prerouting', hook: 'prerouting', priority: 'raw' },
} as const;

/** A sentence, and what to do. */
interface Refused {
  readonly refusal: string;
  readonly hint: string;
}

/**
 * Where a packet must meet our rules. To be dropped in one base chain is the end of it, but accepted
 * it must be in every one; so every base chain of others that may drop what is forwarded gets them,
 * first. Where none may, the first one gets them, and where there is none, a table of ours.
 */
export function nftPlaces(
  { families, hooks }: NftFirewall,
  { bases }: NftState,
): { readonly places: readonly NftPlace[] } | Refused {
  const forward = bases.filter(({ hook }) => hook === 'forward');
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
  const isCovered = families.every((family) => chosen.some((one) => covers(one.family, family)));
  return {
    places: [
      ...theirs.filter((one) => chosen.includes(one)).map(placeAt),
      ...(isCovered ? [] : [ownPlace('forward', bases)]),
      ...(hooks.prerouting.entries.length > 0 ? [ownPlace('prerouting', bases)] : []),
    ],
  };
}

function ownPlace(hook: NftHook, bases: readonly NftBaseChain[]): NftPlace {
  const base = ownBases[hook];
  return { ...base, live: bases.find((one) => nameOf(one) === nameOf(base)) ?? null };
}

const placeAt = (live: NftBaseChain): NftPlace => ({ ...live, hook: 'forward', live });

/** One of each table. */
export function tablesOf<Place extends Pick<NftChain, 'family' | 'table'>>(
  places: readonly Place[],
): readonly Place[] {
  return [...new Map(places.map((place) => [tableOf(place), place])).values()];
}

/** `inet filter`. */
function tableOf({ family, table }: Pick<NftChain, 'family' | 'table'>): string {
  return `${family} ${table}`;
}

/** Whether a rule in a chain of others is ours: it jumps to a chain of ours, or closes in our name. */
export function isOurs(rule: string): boolean {
  const bare = rule.replace(/^(?:counter )*/, '').replace(/(?: comment "[^"]*")*$/, '');
  return nftChains.some((name) => bare === `jump ${name}`) || closingRules.includes(rule);
}

/**
 * The last rule of a base chain, in place of the policy drop: it says whose it is, closes one family
 * where the chain sees both, and goes without a trace. null: both.
 */
export function closingRule(family: Family | null): string {
  return `${family === null ? '' : `meta nfproto ipv${family} `}drop comment "xpush"`;
}

const closingRules = ([null, 4, 6] as const).map(closingRule);

/** Whether packets may be dropped there by what is not ours. */
function mayDrop({ policy, rules }: NftBaseChain): boolean {
  return policy === 'drop' || !rules.every(isOurs);
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
