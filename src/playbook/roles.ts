import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { Findings } from '../inventory/findings.ts';
import { readVars } from '../inventory/vars.ts';
import { quoted } from '../source/quoted.ts';
import type { Result } from '../source/result.ts';
import { nodeAt, placeOf, type SourceNode } from '../source/source-node.ts';
import { diagnosticAt } from '../source/source-text.ts';
import { validate } from '../source/validate.ts';
import { inheritedEntries, inheritFrom } from './inherited.ts';
import type { Variables } from './keywords.ts';
import { withOwnSteps } from './own-steps.ts';
import type { Surroundings } from './read-task.ts';
import type { ReadItem } from './read-tasks.ts';
import { ownedBy } from './vars-owner.ts';

const roleName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_][\w.-]*(?:\/[A-Za-z0-9_][\w.-]*)*$/, 'a role is a directory of roles/'),
);
const names = { role: v.optional(roleName), name: v.optional(roleName) };
const nameSchema = v.object(names);
const roleSchema = v.strictObject({ ...inheritedEntries, ...names });

type ReadTasks = (
  node: SourceNode | undefined,
  around: Surroundings,
) => Result<readonly ReadItem[]>;

/**
 * Reads a role: a directory with `tasks`, `handlers`, `defaults` and `vars`, each with a `main.yaml`,
 * and the `files` and `templates` that its tasks name. It is beside the playbook, in `roles`.
 */
export function readRole(
  node: SourceNode,
  around: Surroundings,
  readTasks: ReadTasks,
): Result<readonly ReadItem[]> {
  const written: SourceNode =
    node.kind === 'scalar'
      ? {
          kind: 'map',
          entries: new Map([['role', { key: node.place, value: node }]]),
          place: node.place,
        }
      : node;
  const named = validate(nameSchema, written);
  if (!named.ok) return named;
  const name = named.value.role ?? named.value.name;
  if (name === undefined) return wrongAt(node, 'a role has a name');
  const roots = around.roots.map((root) => join(root, 'roles', name));
  const directory = roots.find((one) => existsSync(one));
  if (directory === undefined) {
    return wrongAt(node, `there is no role ${quoted(name)}`, `it would be ${roots[0]}`);
  }
  const defaults = readLevel(directory, 'defaults', name, around);
  const { call, parameters } = partsOf(written, defaults.ok ? defaults.value : {});
  const fields = validate(roleSchema, call);
  if (!fields.ok) return fields;
  const said = inheritFrom(around.inherited, fields.value, call, `role ${name}`);
  const given = variablesOf(parameters, `role ${name}`);
  const vars = readLevel(directory, 'vars', name, around);
  const needed = readMeta(directory, around);
  const steps = withOwnSteps(around.steps, directory, around.files);
  if (!steps.ok) return steps;
  if (!said.ok) return said;
  if (!defaults.ok) return defaults;
  if (!vars.ok) return vars;
  if (!needed.ok) return needed;
  if (!given.ok) return given;
  const own: Variables = { role_name: name, role_path: directory };
  // what the caller says counts more than what the role does
  const inherited = {
    ...said.value,
    defaults: [...around.inherited.defaults, defaults.value],
    vars: [
      ...around.inherited.vars,
      vars.value,
      ...said.value.vars.slice(around.inherited.vars.length),
      given.value,
      own,
    ],
  };
  const inside: Surroundings = {
    ...around,
    inherited,
    steps: steps.value,
    directory: join(directory, 'tasks'),
    searched: [
      ...['files', 'templates'].map((kind) => join(directory, kind)),
      directory,
      ...around.searched,
    ],
    depth: around.depth + 1,
  };
  if (around.depth >= deepest) return wrongAt(node, `the role ${quoted(name)} needs itself`);
  const handlers = readMain(directory, 'handlers', { ...inside, within: [] }, readTasks);
  const tasks = readMain(directory, 'tasks', inside, readTasks);
  if (!handlers.ok) return handlers;
  for (const item of handlers.value) if (!('flush' in item)) around.handlers.add(item);
  return tasks;
}

/** What is said of a role beside its name: keywords, and those of its defaults as parameters. */
function partsOf(
  written: SourceNode,
  defaults: Variables,
): { readonly call: SourceNode; readonly parameters: SourceNode } {
  const entries = written.kind === 'map' ? [...written.entries] : [];
  const isParameter = ([key]: readonly [string, unknown]): boolean =>
    !Object.hasOwn(roleSchema.entries, key) && Object.hasOwn(defaults, key);
  const of = (some: typeof entries): SourceNode => {
    return { kind: 'map', entries: new Map(some), place: written.place };
  };
  return {
    call: of(entries.filter((entry) => !isParameter(entry))),
    parameters: of(entries.filter(isParameter)),
  };
}

const deepest = 50;

/** `main.yaml` of a directory of the role, or `main.yml`; null: it has none. */
function mainOf(directory: string, part: string): string | null {
  const files = ['main.yaml', 'main.yml'].map((file) => join(directory, part, file));
  return files.find((file) => existsSync(file)) ?? null;
}

function readMain(
  directory: string,
  part: 'tasks' | 'handlers',
  around: Surroundings,
  readTasks: ReadTasks,
): Result<readonly ReadItem[]> {
  const file = mainOf(directory, part);
  if (file === null) return { ok: true, value: [] };
  const read = around.files.read(file, 'task file');
  return read.ok ? readTasks(read.value, around) : read;
}

function readLevel(
  directory: string,
  part: 'defaults' | 'vars',
  role: string,
  { files }: Surroundings,
): Result<Variables> {
  const file = mainOf(directory, part);
  if (file === null) return { ok: true, value: {} };
  const read = files.read(file, 'file of variables');
  return read.ok ? variablesOf(read.value, `${part} of role ${role}`) : read;
}

/** Roles that a role would need are named where it is used, so that a reader of the play sees them. */
function readMeta(directory: string, { files }: Surroundings): Result<null> {
  const file = mainOf(directory, 'meta');
  const read = file === null ? null : files.read(file, 'file of a role');
  if (read?.ok === false) return read;
  const needed = read === null ? undefined : nodeAt(read.value, ['dependencies']);
  if (needed?.kind !== 'list' || needed.items.length === 0) return { ok: true, value: null };
  const hint = 'name them before it, in "roles" of the play';
  return wrongAt(needed, 'a role has no dependencies', hint);
}

/** The variables of a file; `owner` as in `ownedBy`. */
export function variablesOf(node: SourceNode, owner: string): Result<Variables> {
  if (node.kind === 'scalar' && node.value === null) return { ok: true, value: {} };
  if (node.kind !== 'map') return wrongAt(node, 'variables are a map of names to values');
  const findings = new Findings();
  const vars = ownedBy(readVars(node, findings), owner);
  return findings.isEmpty
    ? { ok: true, value: vars }
    : { ok: false, diagnostics: findings.sorted([]) };
}

function wrongAt(
  node: SourceNode,
  message: string,
  hint: string | null = null,
): Extract<Result<never>, { readonly ok: false }> {
  return { ok: false, diagnostics: [diagnosticAt(placeOf(node, [], 'value'), message, hint)] };
}
