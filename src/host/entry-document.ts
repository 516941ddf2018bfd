import * as v from 'valibot';
import type { Entry, FoundEntry, TreeState } from './answers.ts';
import { line, listOf, mode, modeDocument, natural, path } from './document-words.ts';
import type { MakeLink, RemoveTree, SetAttributes } from './entry-change.ts';
import { isPrincipal, isTarget } from './entry-words.ts';

const effect = v.picklist(['live', 'boot', 'both']);
const maybe = v.nullable(natural);
const target = v.pipe(line, v.check(isTarget));

const principal = v.strictObject({ name: v.pipe(line, v.check(isPrincipal)), id: maybe });

const found = {
  type: v.picklist(['file', 'directory', 'link', 'other']),
  ...{ mode, uid: maybe, gid: maybe, owner: v.nullable(line), group: v.nullable(line) },
  ...{ size: maybe, mtimeSeconds: v.nullable(v.pipe(v.number(), v.safeInteger())) },
  ...{ links: maybe, inode: maybe, target: v.nullable(line) },
} as const;

const foundEntry = v.strictObject(found) satisfies v.GenericSchema<unknown, FoundEntry>;

/** What is at a path. */
export const entry: v.GenericSchema<unknown, Entry> = v.union([
  v.strictObject({ type: v.literal('absent') }),
  foundEntry,
]);

/** What `entry` reads. */
export function entryDocument(state: Entry) {
  return state.type === 'absent' ? state : foundDocument(state);
}

function foundDocument(state: FoundEntry) {
  return { ...state, mode: modeDocument(state.mode) };
}

const tree = v.strictObject({
  type: v.picklist(['absent', 'directory', 'other']),
  entries: v.pipe(
    listOf(v.strictObject({ path, entry: foundEntry })),
    v.transform((list) => new Map(list.map((one) => [one.path, one.entry] as const))),
  ),
  isCut: v.boolean(),
}) satisfies v.GenericSchema<unknown, TreeState>;

function treeDocument({ type, entries, isCut }: TreeState) {
  const list = Array.from(entries, ([at, one]) => ({ path: at, entry: foundDocument(one) }));
  return { type, entries: list, isCut };
}

/** Of what is no name of everything. */
const belowRoot = v.pipe(path, v.regex(/[^/]/));

/** The fields of each of these changes. */
export const entryEntries = {
  link: { kind: v.literal('link'), effect, path, target, before: entry },
  attributes: {
    ...{ kind: v.literal('attributes'), effect, path, mode: v.nullable(mode) },
    ...{ owner: v.nullable(principal), group: v.nullable(principal), before: foundEntry },
  },
  tree: { kind: v.literal('tree'), effect, path: belowRoot, before: tree },
} as const;

/** What `entryEntries` read. */
export function linkDocument(change: MakeLink) {
  return { ...change, before: entryDocument(change.before) };
}

export function attributesDocument(change: SetAttributes) {
  const bits = change.mode === null ? null : modeDocument(change.mode);
  return { ...change, mode: bits, before: foundDocument(change.before) };
}

export function removalDocument(change: RemoveTree) {
  return { ...change, before: treeDocument(change.before) };
}
