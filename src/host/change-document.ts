import { isIP } from 'node:net';
import * as v from 'valibot';
import type { Change, RoutingOperation, SourceFile } from './change.ts';
import { callDocument, callEntries, commandDocument, commandEntries } from './command-document.ts';
import {
  bytes,
  bytesDocument,
  line,
  listOf,
  mode,
  modeDocument,
  natural,
  parameter,
  path,
  text,
  word,
} from './document-words.ts';
import {
  attributesDocument,
  entryEntries,
  linkDocument,
  removalDocument,
} from './entry-document.ts';
import {
  chainName,
  chainRules,
  chainRulesDocument,
  chainsState,
  chainsStateDocument,
  fileState,
  fileStateDocument,
  listingOf,
  nftOwnName,
  nftPlace,
  nftState,
  nftStateDocument,
  policiesDocument,
  policiesOf,
  route,
  rule,
} from './state-document.ts';

/** SHA-256, CRC and size, as sums.ts has them. */
const sums = v.pipe(v.string(), v.regex(/^[\da-f]{64} (?:\d{1,10} \d{1,16}|\* \*)$/));

const effect = v.picklist(['live', 'boot', 'both']);
const live = v.literal('live');
const family = v.picklist([4, 6]);
const addOrDelete = v.picklist(['add', 'delete']);
const iface = v.pipe(word, v.maxLength(15));
const address = v.pipe(
  v.string(),
  v.check((given) => isIP(given) !== 0 && !given.includes('%')),
);

const operation = v.variant('object', [
  v.strictObject({
    ...{ object: v.literal('address'), verb: addOrDelete, iface },
    ...{ ip: address, prefix: v.pipe(natural, v.maxValue(128)) },
  }),
  v.strictObject({ object: v.literal('route'), verb: v.picklist(['replace', 'delete']), route }),
  v.strictObject({ object: v.literal('rule'), verb: addOrDelete, rule }),
  v.strictObject({ object: v.literal('proxy'), verb: addOrDelete, ip: address, iface }),
]) satisfies v.GenericSchema<unknown, RoutingOperation>;

/** Chains of iptables that are ours: no other is ever replaced or removed. */
const ownChain = v.pipe(v.string(), v.regex(/^(?:raw\/)?XPUSH-[A-Z]{1,20}$/));

/** The fields of each kind of change. */
export const changeEntries = {
  write: {
    ...{ kind: v.literal('write'), effect, path },
    ...{ content: bytes, mode: v.nullable(mode), before: fileState },
  },
  send: {
    ...{ kind: v.literal('send'), effect, path, mode: v.nullable(mode), before: fileState },
    source: v.strictObject({ path, size: natural, sums }),
  },
  remove: { kind: v.literal('remove'), effect, path, before: fileState },
  directory: { kind: v.literal('directory'), effect, path, mode },
  parameter: {
    ...{ kind: v.literal('parameter'), effect: live, name: parameter },
    ...{ value: line, before: text },
  },
  routing: {
    ...{ kind: v.literal('routing'), effect: live, family },
    operations: listOf(operation),
    before: v.strictObject({ rules: listingOf(rule), routes: listingOf(route) }),
  },
  chains: {
    ...{ kind: v.literal('chains'), effect: live, family },
    chains: chainRules(ownChain),
    removed: listOf(ownChain),
    jumps: listOf(v.strictObject({ from: chainName, to: ownChain })),
    policies: policiesOf(v.picklist(['ACCEPT', 'DROP'])),
    before: chainsState,
  },
  nft: {
    ...{ kind: v.literal('nft'), effect: live, script: text },
    removed: listOf(v.strictObject({ chain: v.strictObject(nftPlace), rule: line })),
    ...{ listed: listOf(nftOwnName), before: nftState, after: nftState },
  },
  ...entryEntries,
  command: commandEntries,
  call: callEntries,
} as const;

/**
 * Reads what `changeDocument` wrote. Strict: hosts and files may be hostile, so unknown kinds and
 * keys are refused, paths and names are those that steps may use, and sizes are bounded.
 */
export const changeSchema = v.variant('kind', [
  v.strictObject(changeEntries.write),
  v.strictObject(changeEntries.send),
  v.strictObject(changeEntries.remove),
  v.strictObject(changeEntries.directory),
  v.strictObject(changeEntries.parameter),
  v.strictObject(changeEntries.routing),
  v.strictObject(changeEntries.chains),
  v.strictObject(changeEntries.nft),
  v.strictObject(changeEntries.link),
  v.strictObject(changeEntries.attributes),
  v.strictObject(changeEntries.tree),
  v.strictObject(changeEntries.command),
  v.strictObject(changeEntries.call),
]) satisfies v.GenericSchema<unknown, Change>;

/** A change as plain data for JSON and YAML: no maps, texts readable, other bytes in base64. */
export type ChangeDocument = v.InferInput<typeof changeSchema>;

export function changeDocument(change: Change): ChangeDocument {
  switch (change.kind) {
    case 'write': {
      const { isSecret: _, ...shown } = change;
      return {
        ...shown,
        content: bytesDocument(change.content),
        mode: change.mode === null ? null : modeDocument(change.mode),
        before: fileStateDocument(change.before),
      };
    }
    case 'send':
      return {
        ...change,
        source: dataOf(change.source),
        mode: change.mode === null ? null : modeDocument(change.mode),
        before: fileStateDocument(change.before),
      };
    case 'remove':
      return { ...change, before: fileStateDocument(change.before) };
    case 'directory':
      return { ...change, mode: modeDocument(change.mode) };
    case 'parameter':
      return change;
    case 'routing': {
      const { operations, before } = change;
      const { rules, routes } = before;
      return {
        ...change,
        operations: [...operations],
        before: {
          rules: { ...rules, entries: [...rules.entries] },
          routes: { ...routes, entries: [...routes.entries] },
        },
      };
    }
    case 'chains':
      return {
        ...change,
        chains: chainRulesDocument(change.chains),
        removed: [...change.removed],
        jumps: [...change.jumps],
        policies: policiesDocument(change.policies),
        before: chainsStateDocument(change.before),
      };
    case 'nft':
      return {
        ...change,
        removed: change.removed.map(({ chain: { family: of, table, chain }, rule: one }) => ({
          chain: { family: of, table, chain },
          rule: one,
        })),
        listed: [...change.listed],
        before: nftStateDocument(change.before),
        after: nftStateDocument(change.after),
      };
    case 'link':
      return linkDocument(change);
    case 'attributes':
      return attributesDocument(change);
    case 'tree':
      return removalDocument(change);
    case 'command':
      return commandDocument(change);
    case 'call':
      return callDocument(change);
  }
}

function dataOf({ path, size, sums: made }: SourceFile) {
  return { path, size, sums: made };
}
