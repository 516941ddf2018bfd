import * as v from 'valibot';
import {
  bytes,
  bytesDocument,
  line,
  listOf,
  mode,
  modeDocument,
  natural,
  word,
  words,
} from './document-words.ts';
import type { ChainsState, FileState, NftState, NftWanted, Route, Rule } from './query.ts';

export const rule = v.strictObject({
  priority: natural,
  from: word,
  to: v.nullable(word),
  iif: v.nullable(word),
  oif: v.nullable(word),
  table: v.pipe(v.number(), v.safeInteger()),
  rest: words,
}) satisfies v.GenericSchema<unknown, Rule>;

export const route = v.strictObject({
  table: v.pipe(v.number(), v.safeInteger()),
  destination: word,
  via: v.nullable(v.pipe(words, v.nonEmpty())), // `inet6 fe80::1` is two
  dev: v.nullable(word),
  scope: v.nullable(word),
  src: v.nullable(word),
  metric: v.nullable(natural),
  rest: words,
}) satisfies v.GenericSchema<unknown, Route>;

/** As in sums.ts. */
const sums = v.pipe(v.string(), v.regex(/^(?:[\da-f]{64}|\*) (?:\d+|\*) (?:\d+|\*)$/));
const fingerprint = v.nullable(sums);

/** What a listing of rules or routes was. */
export const listingOf = <const Schema extends v.GenericSchema>(schema: Schema) =>
  v.strictObject({ entries: listOf(schema), fingerprint });

const details = { mode, uid: natural, gid: natural, size: natural };

/** The state of a file. */
export const fileState: v.GenericSchema<unknown, FileState> = v.union([
  v.strictObject({ type: v.picklist(['absent', 'directory', 'special', 'unreadable']) }),
  v.strictObject({ type: v.literal('file'), ...details, content: v.null(), sums }),
  v.pipe(
    v.strictObject({ type: v.literal('file'), ...details, content: bytes }),
    v.check(({ size, content }) => size === content.length),
  ),
]);

/** What `fileState` reads. */
export function fileStateDocument(state: FileState) {
  if (state.type !== 'file') return { type: state.type };
  const octal = modeDocument(state.mode);
  return state.content === null
    ? { ...state, mode: octal }
    : { ...state, mode: octal, content: bytesDocument(state.content) };
}

/** The name of a chain of iptables, those of the raw table after `raw/`. */
export const chainName = v.pipe(v.string(), v.regex(/^(?:raw\/)?[\w-]{1,28}$/));

/** Chains with all their rules. */
export const chainRules = (name: v.GenericSchema<string, string>) =>
  v.pipe(
    listOf(v.strictObject({ chain: name, rules: listOf(line) })),
    v.transform((chains) => new Map(chains.map(({ chain, rules }) => [chain, rules] as const))),
  );

/** What `chainRules` reads. */
export function chainRulesDocument(chains: ReadonlyMap<string, readonly string[]>) {
  return Array.from(chains, ([chain, rules]) => ({ chain, rules: [...rules] }));
}

/** Built-in chains with their policies. */
export const policiesOf = <Word extends string>(policy: v.GenericSchema<Word, Word>) =>
  v.pipe(
    listOf(v.strictObject({ chain: chainName, policy })),
    v.transform((chains) => new Map(chains.map(({ chain, policy }) => [chain, policy] as const))),
  );

/** What `policiesOf` reads. */
export function policiesDocument<Policy extends string>(policies: ReadonlyMap<string, Policy>) {
  return Array.from(policies, ([chain, policy]) => ({ chain, policy }));
}

/** The state of chains of iptables. */
export const chainsState = v.strictObject({
  listed: listOf(chainName),
  chains: chainRules(chainName),
  policies: policiesOf(v.pipe(v.string(), v.regex(/^[A-Z]{1,16}$/))),
  spelled: chainRules(chainName),
  problem: v.nullable(line),
  fingerprint,
}) satisfies v.GenericSchema<unknown, ChainsState>;

/** What `chainsState` reads. */
export function chainsStateDocument(state: ChainsState) {
  return {
    ...state,
    listed: [...state.listed],
    chains: chainRulesDocument(state.chains),
    policies: policiesDocument(state.policies),
    spelled: chainRulesDocument(state.spelled),
  };
}

/** Where a chain of nftables is: names as nft prints them. */
export const nftPlace = {
  family: v.picklist(['ip', 'ip6', 'inet']),
  table: v.pipe(line, v.regex(/^\S{1,256}$/)),
  chain: v.pipe(line, v.regex(/^\S{1,256}$/)),
} as const;

const nftChain = { ...nftPlace, rules: listOf(line) } as const;

/** The chains of ours: letters, as nft-text.ts has them. */
export const nftOwnName = v.pipe(v.string(), v.regex(/^XPUSH-[A-Z]{1,20}$/));

/** The state of native nftables. */
export const nftState = v.strictObject({
  bases: listOf(
    v.strictObject({
      ...nftChain,
      hook: v.pipe(v.string(), v.regex(/^[a-z]{1,32}$/)),
      policy: v.picklist(['accept', 'drop']),
      priority: v.pipe(v.string(), v.regex(/^(?:[a-z]{1,16}(?: [+-] \d{1,10})?|-?\d{1,10})$/)),
      isOfIptables: v.boolean(),
      isOwned: v.boolean(),
    }),
  ),
  chains: listOf(v.strictObject(nftChain)),
  spelled: listOf(v.strictObject({ family: nftPlace.family, chains: chainRules(nftOwnName) })),
  problem: v.nullable(line),
  fingerprint,
}) satisfies v.GenericSchema<unknown, NftState>;

/** What `nftState` reads. */
export function nftStateDocument(state: NftState) {
  const chain = <Chain extends NftState['chains'][number]>(one: Chain) => ({
    ...one,
    rules: [...one.rules],
  });
  return {
    ...state,
    bases: state.bases.map(chain),
    chains: state.chains.map(chain),
    spelled: state.spelled.map(({ family, chains }: NftWanted) => ({
      family,
      chains: chainRulesDocument(chains),
    })),
  };
}
