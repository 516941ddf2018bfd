import { join, resolve } from 'node:path';
import * as v from 'valibot';
import type { Data } from '../source/data.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import type { Result } from '../source/result.ts';
import { nodeAt, placeOf, type SourceNode } from '../source/source-node.ts';
import { diagnosticAt, type Place } from '../source/source-text.ts';
import { validatePartly } from '../source/validate.ts';
import { HandlerBook } from './handlers.ts';
import { inheritedEntries, inheritFrom, nothingInherited } from './inherited.ts';
import type { Variables } from './keywords.ts';
import type { Play, Prompt } from './model.ts';
import type { PlaybookFiles } from './playbook-files.ts';
import type { Surroundings } from './read-task.ts';
import { type ReadItem, readTasks } from './read-tasks.ts';
import { readRole, variablesOf } from './roles.ts';
import { rolloutEntries, rolloutOf } from './rollout.ts';
import type { StepBook } from './step-book.ts';
import { ownedBy } from './vars-owner.ts';

const prompt = v.strictObject({
  name: v.string(),
  prompt: v.optional(v.string()),
  default: v.optional(v.union([v.string(), v.number(), v.boolean()])),
  private: v.optional(v.boolean(), true),
  confirm: v.optional(v.boolean(), false),
});

/** A play, but for what is in its lists. */
export const playSchema = v.strictObject({
  name: v.optional(v.string()),
  hosts: v.union([v.string(), v.array(v.string())]),
  gather: v.optional(v.boolean()),
  vars_files: v.optional(v.union([v.string(), v.array(v.string())])),
  vars_prompt: v.optional(v.array(prompt)),
  roles: v.optional(v.array(v.unknown())),
  pre_tasks: v.optional(v.array(v.unknown())),
  tasks: v.optional(v.array(v.unknown())),
  post_tasks: v.optional(v.array(v.unknown())),
  handlers: v.optional(v.array(v.unknown())),
  ...rolloutEntries,
  ...inheritedEntries,
});

/** What all plays of a run have in common. */
export interface PlayContext {
  readonly files: PlaybookFiles;
  /** Of the playbook. */
  readonly directory: string;
  readonly extraVars: Variables;
  /** The steps that its tasks may name. */
  readonly steps: StepBook;
}

/** Reads a play, or everything that is wrong with it. */
export function readPlay(node: SourceNode, context: PlayContext): Result<Play> {
  const { value: fields, diagnostics } = validatePartly(playSchema, node);
  const outer = nothingInherited(context.extraVars);
  const said = inheritFrom(outer, fields ?? {}, node);
  const fromFiles = readVarsFiles(node, context);
  const prompted: Record<string, Data> = ownedBy(Object.create(null), 'vars_prompt');
  const handlers = new HandlerBook();
  const { directory } = context;
  const around: Surroundings = {
    files: context.files,
    directory,
    roots: [directory],
    searched: [directory, join(directory, 'files'), join(directory, 'templates')],
    inherited: {
      ...(said.ok ? said.value : outer),
      vars: [
        ...(said.ok ? said.value.vars : []),
        ...(fromFiles.ok ? fromFiles.value : []),
        ...(fields?.vars_prompt === undefined ? [] : [prompted]),
      ],
    },
    within: [],
    depth: 0,
    steps: context.steps,
    handlers,
  };
  const parts = [
    readTasks(nodeAt(node, ['pre_tasks']), around),
    readRoles(nodeAt(node, ['roles']), around),
    readTasks(nodeAt(node, ['tasks']), around),
    readTasks(nodeAt(node, ['post_tasks']), around),
  ] as const;
  const own = readTasks(nodeAt(node, ['handlers']), around);
  if (own.ok) for (const item of own.value) if (!('flush' in item)) handlers.add(item);
  const [before, roles, tasks, after] = parts.map((part) => (part.ok ? part.value : []));
  const flush = flushAfter(node);
  const laidOut = handlers.layOut([
    ...flush(before),
    ...flush([...(roles ?? []), ...(tasks ?? [])]),
    ...flush(after),
  ]);
  const wrong: readonly Diagnostic[] = [
    ...diagnostics,
    ...[said, fromFiles, ...parts, own, laidOut].flatMap((one) => (one.ok ? [] : one.diagnostics)),
  ];
  if (fields === null || wrong.length > 0 || !laidOut.ok) return { ok: false, diagnostics: wrong };
  const hosts = [fields.hosts].flat();
  return {
    ok: true,
    value: {
      name: fields.name ?? hosts.join(','),
      hosts,
      hostsPlace: placeOf(node, ['hosts'], 'value'),
      tasks: laidOut.value,
      rollout: rolloutOf(fields, node),
      prompts: (fields.vars_prompt ?? []).map((one): Prompt => promptOf(one, prompted)),
    },
  };
}

/** Handlers that were notified run behind each part of a play that has tasks. */
function flushAfter(node: SourceNode): (items?: readonly ReadItem[]) => readonly ReadItem[] {
  const place: Place = node.place;
  return (items = []) => (items.length === 0 ? [] : [...items, { flush: place }]);
}

function readRoles(
  node: SourceNode | undefined,
  around: Surroundings,
): Result<readonly ReadItem[]> {
  if (node?.kind !== 'list') return { ok: true, value: [] };
  const read = node.items.map((role) => readRole(role, around, readTasks));
  const diagnostics = read.flatMap((one) => (one.ok ? [] : one.diagnostics));
  return diagnostics.length > 0
    ? { ok: false, diagnostics }
    : { ok: true, value: read.flatMap((one) => (one.ok ? one.value : [])) };
}

function readVarsFiles(node: SourceNode, { files, directory }: PlayContext): Result<Variables[]> {
  const written = nodeAt(node, ['vars_files']);
  const items = written?.kind === 'list' ? written.items : written === undefined ? [] : [written];
  const read = items.map((item): Result<Variables> => {
    if (item.kind !== 'scalar' || typeof item.value !== 'string') {
      return { ok: false, diagnostics: [diagnosticAt(item.place, 'a file of variables is named')] };
    }
    const file = files.read(resolve(directory, item.value), 'file of variables', item.place);
    return file.ok ? variablesOf(file.value, 'vars_files') : file;
  });
  const diagnostics = read.flatMap((one) => (one.ok ? [] : one.diagnostics));
  return diagnostics.length > 0
    ? { ok: false, diagnostics }
    : { ok: true, value: read.flatMap((one) => (one.ok ? [one.value] : [])) };
}

function promptOf(written: v.InferOutput<typeof prompt>, prompted: Record<string, Data>): Prompt {
  const { name, prompt: text, default: fallback, private: isPrivate, confirm } = written;
  return {
    name,
    text: text ?? name,
    fallback: fallback ?? null,
    isPrivate,
    isAskedTwice: confirm,
    answer: (value) => {
      prompted[name] = value;
    },
  };
}
