import { dirname, resolve } from 'node:path';
import * as v from 'valibot';

import type { Diagnostic } from '../source/diagnostic.ts';
import { quoted } from '../source/quoted.ts';
import type { Result } from '../source/result.ts';
import { type MapNode, nodeAt, placeOf, type SourceNode } from '../source/source-node.ts';
import { diagnosticAt, type Place } from '../source/source-text.ts';
import { validate } from '../source/validate.ts';
import type { BlockPart } from './blocks.ts';
import { includedFile, inclusionsOf } from './included.ts';
import { inheritedEntries, inheritFrom, namesAt } from './inherited.ts';
import { type ReadTask, readTask, type Surroundings } from './read-task.ts';
import { readRole } from './roles.ts';

/** A task, or a place where the handlers that were notified are run at once. */
export type ReadItem = ReadTask | { readonly flush: Place };

/** Files within files within files: more than that is a circle. */
const deepest = 50;

const name = v.optional(v.string());
/** A block, but for its tasks. */
export const blockSchema = v.strictObject({
  ...inheritedEntries,
  name,
  notify: v.optional(v.union([v.string(), v.array(v.string())])),
  block: v.array(v.unknown()),
  rescue: v.optional(v.array(v.unknown())),
  always: v.optional(v.array(v.unknown())),
});
/** What may stand beside the name of a file or role that is imported. */
export const importSchema = v.object({ ...inheritedEntries, name });

/** Reads a list of tasks; blocks and imports are laid out flat, in their order. */
export function readTasks(
  node: SourceNode | undefined,
  around: Surroundings,
): Result<readonly ReadItem[]> {
  if (node === undefined || (node.kind === 'scalar' && node.value === null)) return none;
  if (node.kind !== 'list') return wrong(diagnosticAt(node.place, 'tasks are a list'));
  const read = node.items.map((item) => readItem(item, around));
  return together(read);
}

function readItem(node: SourceNode, around: Surroundings): Result<readonly ReadItem[]> {
  if (node.kind !== 'map') {
    const hint = 'write "- step:"';
    return wrong(diagnosticAt(node.place, 'a task is a step with its parameters', hint));
  }
  if (node.entries.has('block')) return readBlock(node, around);
  for (const keyword of ['import_tasks', 'include_tasks'] as const) {
    if (node.entries.has(keyword)) return readEach(node, keyword, around, readImport);
  }
  for (const keyword of ['import_role', 'include_role'] as const) {
    if (node.entries.has(keyword)) return readEach(node, keyword, around, readRoleTask);
  }
  if (node.entries.has('meta')) return readMeta(node);
  const read = readTask(node, around);
  if (!read.ok) return read;
  return { ok: true, value: [{ ...read.value, task: { ...read.value.task, node } }] };
}

function readBlock(node: MapNode, around: Surroundings): Result<readonly ReadItem[]> {
  const fields = validate(blockSchema, node);
  if (!fields.ok) return fields;
  const inherited = inheritFrom(around.inherited, fields.value, node);
  if (!inherited.ok) return inherited;
  const notifies = node.entries.has('notify') ? namesAt(node, 'notify') : inherited.value.notifies;
  const block = { hasRescue: (fields.value.rescue ?? []).length > 0 };
  const parts = (['block', 'rescue', 'always'] as const).map((part: BlockPart['part']) =>
    readTasks(nodeAt(node, [part]), {
      ...around,
      inherited: { ...inherited.value, notifies },
      within: [...around.within, { block, part }],
    }),
  );
  return together(parts);
}

/** What is included is done for each item of its loop; an import has none, as in Ansible. */
function readEach<Keyword extends string>(
  node: MapNode,
  keyword: Keyword,
  around: Surroundings,
  readOne: (node: MapNode, keyword: Keyword, around: Surroundings) => Result<readonly ReadItem[]>,
): Result<readonly ReadItem[]> {
  if (!keyword.startsWith('include_')) return readOne(node, keyword, around);
  const each = inclusionsOf(node, around);
  if (!each.ok) return each;
  const items: ReadItem[] = [];
  for (const one of each.value) {
    const read = readOne(one.node, keyword, one.around);
    if (!read.ok) return read; // the others are the same: a circle would come to no end
    items.push(...read.value);
  }
  return { ok: true, value: items };
}

/** The tasks of another file, as if they were written here. */
function readImport(
  node: MapNode,
  keyword: 'import_tasks' | 'include_tasks',
  around: Surroundings,
): Result<readonly ReadItem[]> {
  const extra = unknownKeys(node, keyword, Object.keys(importSchema.entries));
  if (extra.length > 0) return wrong(...extra);
  const fields = validate(importSchema, node);
  const written = nodeAt(node, [keyword]);
  const file = written?.kind === 'map' ? nodeAt(written, ['file']) : written;
  if (file?.kind !== 'scalar' || typeof file.value !== 'string' || file.value === '') {
    return wrong(diagnosticAt(node.place, `${keyword} names a file`));
  }
  if (!fields.ok) return fields;
  const inherited = inheritFrom(around.inherited, fields.value, node);
  if (!inherited.ok) return inherited;
  const named = includedFile(file, around, node);
  if (!named.ok) return named;
  const path = resolve(around.directory, named.value);
  if (around.depth >= deepest) {
    return wrong(diagnosticAt(file.place, `${quoted(file.value)} is imported in a circle`));
  }
  const read = around.files.read(path, 'task file', file.place);
  if (!read.ok) return read;
  return readTasks(read.value, {
    ...around,
    directory: dirname(path),
    depth: around.depth + 1,
    inherited: inherited.value,
  });
}

function readRoleTask(
  node: MapNode,
  keyword: 'import_role' | 'include_role',
  around: Surroundings,
): Result<readonly ReadItem[]> {
  const extra = unknownKeys(node, keyword, Object.keys(importSchema.entries));
  if (extra.length > 0) return wrong(...extra);
  const fields = validate(importSchema, node);
  if (!fields.ok) return fields;
  const inherited = inheritFrom(around.inherited, fields.value, node);
  if (!inherited.ok) return inherited;
  const role = nodeAt(node, [keyword]);
  if (role === undefined) return none;
  return readRole(role, { ...around, inherited: inherited.value }, readTasks);
}

const metas = ['flush_handlers', 'noop'];

function readMeta(node: MapNode): Result<readonly ReadItem[]> {
  const written = nodeAt(node, ['meta']);
  const place = placeOf(node, ['meta'], 'value');
  const extra = unknownKeys(node, 'meta', ['name']);
  if (extra.length > 0) return wrong(...extra);
  if (written?.kind !== 'scalar' || !metas.includes(String(written.value))) {
    return wrong(diagnosticAt(place, `meta is ${metas.join(' or ')}`));
  }
  return { ok: true, value: written.value === 'noop' ? [] : [{ flush: place }] };
}

function unknownKeys(
  node: MapNode,
  keyword: string,
  known: readonly string[],
): readonly Diagnostic[] {
  return [...node.entries]
    .filter(([key]) => key !== keyword && !known.includes(key))
    .map(([key, { key: place }]) => diagnosticAt(place, `${keyword} takes no ${quoted(key)}`));
}

const none: Result<readonly ReadItem[]> = { ok: true, value: [] };

function together(parts: readonly Result<readonly ReadItem[]>[]): Result<readonly ReadItem[]> {
  const diagnostics = parts.flatMap((part) => (part.ok ? [] : part.diagnostics));
  if (diagnostics.length > 0) return wrong(...diagnostics);
  return { ok: true, value: parts.flatMap((part) => (part.ok ? part.value : [])) };
}

function wrong(...diagnostics: readonly Diagnostic[]): { ok: false; diagnostics: Diagnostic[] } {
  return { ok: false, diagnostics: [...diagnostics] };
}
