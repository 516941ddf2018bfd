import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { largestTextBytes } from '../source/decode-text.ts';
import { ConfigError, type Diagnostic } from '../source/diagnostic.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { distrustOf } from '../source/distrust.ts';
import { parseYaml } from '../source/parse-yaml.ts';
import { quoted } from '../source/quoted.ts';
import type { Result } from '../source/result.ts';
import { type MapNode, orEmptyMap, placeOf, type SourceNode } from '../source/source-node.ts';
import { diagnosticAt, type Place } from '../source/source-text.ts';
import { validate, validatePartly } from '../source/validate.ts';
import { ControllerFiles } from '../steps/controller-files.ts';
import { steps } from '../steps/index.ts';
import { ControllerFileError, ControllerReader, type WhenSummed } from './controller-files.ts';
import type { Play, Playbook, Task } from './model.ts';
import { rolloutEntries, rolloutOf } from './rollout.ts';

const byName = new Map(steps.map((step) => [step.name, step]));

/** Keywords of a task; the one other key is its step. */
const taskKeywords = ['name', 'network'];

const playSchema = v.strictObject({
  name: v.optional(v.string()),
  hosts: v.union([v.string(), v.array(v.string())]),
  tasks: v.optional(v.array(v.unknown())),
  ...rolloutEntries,
});

const taskSchema = v.object({
  name: v.optional(v.pipe(v.string(), v.nonEmpty('a task name is not empty'))),
  network: v.optional(v.boolean(), false),
});

/**
 * Reads playbook files. Throws `ConfigError` with everything that is wrong with any of them:
 * unknown steps and parameters, wrong types, each with its place.
 */
export function loadPlaybooks(
  files: readonly string[],
  whenSummed: WhenSummed = 'at once',
): Playbook[] {
  const diagnostics: Diagnostic[] = [];
  const reader = new ControllerReader(whenSummed);
  const playbooks = files.flatMap((file) => {
    const result = readPlaybook(file, reader);
    if (result.ok) return [result.value];
    diagnostics.push(...result.diagnostics);
    return [];
  });
  if (diagnostics.length > 0) throw new ConfigError(diagnostics);
  return playbooks;
}

function readPlaybook(file: string, reader: ControllerReader): Result<Playbook> {
  const read = readBytes(file);
  if (!read.ok) {
    const { why: message, hint = null } = read;
    return failure({ position: null, message, hint, excerpt: null });
  }
  if (read.bytes.subarray(0, 15).toString('latin1') === '$ANSIBLE_VAULT;') {
    const message = `${file} is encrypted as a whole`;
    const hint = 'a playbook is read by people: encrypt its values, as !vault or !secret';
    return failure({ position: null, message, hint, excerpt: null });
  }
  const parsed = parseYaml(read.bytes, file, { takesSecrets: true });
  return parsed.ok ? parsePlaybook(parsed.value, file, reader) : parsed;
}

type ReadBytes =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly why: string; readonly hint?: string | null };

/** Looked at before it is read: a device or a pipe may never end. */
function readBytes(file: string): ReadBytes {
  try {
    const stats = statSync(file);
    if (!stats.isFile()) return { ok: false, why: `${file} is not a file` };
    if (stats.size > largestTextBytes) return { ok: false, why: `${file} is larger than 10 MB` };
    const distrust = distrustOf(file);
    if (distrust !== null) {
      return { ok: false, why: `${file} is not read: ${distrust.message}`, hint: distrust.hint };
    }
    return { ok: true, bytes: readFileSync(file) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ENOENT') return { ok: false, why: `${file}: no such playbook` };
    const why = code === 'EACCES' ? 'permission denied' : `cannot be read (${code})`;
    return { ok: false, why: `${file}: ${why}` };
  }
}

/** Plays and tasks of a parsed playbook, or everything that is wrong with it. */
export function parsePlaybook(
  node: SourceNode,
  file: string,
  reader = new ControllerReader(),
): Result<Playbook> {
  if (node.kind !== 'list' || node.items.length === 0) {
    return failure(
      diagnosticAt(node.place, 'a playbook is a list of plays', 'begin with "- hosts: all"'),
    );
  }
  const lookUp = (files: ControllerFiles, place: Place) =>
    lookUpFrom(dirname(file), reader, files, place);
  const plays = collect(node.items.map((play) => parsePlay(play, lookUp)));
  return plays.ok ? { ok: true, value: { file, plays: plays.value } } : plays;
}

/** Looks up what a parameter of a task names; gives what is wrong with it. */
type LookUp = (files: ControllerFiles, place: Place) => readonly Diagnostic[];

function parsePlay(node: SourceNode, lookUp: LookUp): Result<Play> {
  const { value: fields, diagnostics } = validatePartly(playSchema, node);
  const list = node.kind === 'map' ? node.entries.get('tasks')?.value : undefined;
  const tasks = collect(
    (list?.kind === 'list' ? list.items : []).map((task) => parseTask(task, lookUp)),
  );
  if (fields === null || diagnostics.length > 0 || !tasks.ok) {
    return failure(...diagnostics, ...(tasks.ok ? [] : tasks.diagnostics));
  }
  const hosts = [fields.hosts].flat();
  const name = fields.name ?? hosts.join(',');
  const hostsPlace = placeOf(node, ['hosts'], 'value');
  return {
    ok: true,
    value: { name, hosts, hostsPlace, tasks: tasks.value, rollout: rolloutOf(fields, node) },
  };
}

function parseTask(node: SourceNode, lookUp: LookUp): Result<Task> {
  if (node.kind !== 'map') {
    return failure(
      diagnosticAt(node.place, 'a task is a step with its parameters', 'write "- step:"'),
    );
  }
  const named = [...node.entries].filter(([key]) => !taskKeywords.includes(key));
  const [only] = named;
  if (only === undefined) return failure(diagnosticAt(node.place, 'this task names no step'));
  if (named.length > 1) return failure(...tooManyKeys(node, named));
  const [stepName, entry] = only;
  const step = byName.get(stepName);
  if (step === undefined) return failure(unknownStep(stepName, entry.key));

  const keywords = validate(taskSchema, node);
  const params = validate(step.params, orEmptyMap(entry.value), entry.key);
  const templates = templatesIn(entry.value);
  if (templates.length > 0) return failure(...templates);
  if (!keywords.ok || !params.ok) {
    return failure(
      ...(keywords.ok ? [] : keywords.diagnostics),
      ...(params.ok ? [] : params.diagnostics),
    );
  }
  const wrong = Object.entries(params.value ?? {}).flatMap(([name, value]) =>
    value instanceof ControllerFiles ? lookUp(value, placeOf(entry.value, [name], 'value')) : [],
  );
  if (wrong.length > 0) return failure(...wrong);
  const task = {
    name: keywords.value.name ?? step.name,
    step,
    params: params.value,
    network: keywords.value.network,
    place: entry.key,
  };
  return { ok: true, value: task };
}

function lookUpFrom(
  directory: string,
  reader: ControllerReader,
  files: ControllerFiles,
  place: Place,
): readonly Diagnostic[] {
  try {
    files.find(reader.find(files.path, directory));
    return [];
  } catch (error) {
    if (!(error instanceof ControllerFileError)) throw error;
    return [diagnosticAt(place, error.message, error.hint ?? undefined)];
  }
}

/** Templates come with a later version: until then a text that looks like one would go out as it is. */
function templatesIn(node: SourceNode): Diagnostic[] {
  if (node.kind === 'list') return node.items.flatMap(templatesIn);
  if (node.kind === 'map') {
    return [...node.entries.values()].flatMap(({ value }) => templatesIn(value));
  }
  return node.kind === 'scalar' && typeof node.value === 'string' && /\{\{|\{%/.test(node.value)
    ? [
        diagnosticAt(
          node.place,
          'templates are not supported by xpush 0.1',
          'write the value itself',
        ),
      ]
    : [];
}

/** Several keys that are no keywords: unknown ones first; else two steps in one task. */
function tooManyKeys(
  node: MapNode,
  named: readonly (readonly [string, { readonly key: Place }])[],
): Diagnostic[] {
  const unknown = named.filter(([key]) => !byName.has(key));
  if (unknown.length > 0) return unknown.map(([key, { key: place }]) => unknownStep(key, place));
  const names = named.map(([key]) => quoted(key)).join(' and ');
  return [diagnosticAt(node.place, `a task has one step: ${names} are two`, 'make them two tasks')];
}

function unknownStep(name: string, place: Place): Diagnostic {
  const known = [...byName.keys()];
  return diagnosticAt(
    place,
    `unknown step or keyword ${quoted(name)}`,
    didYouMean(name, [...known, ...taskKeywords]) ?? `steps: ${known.join(', ')}`,
  );
}

function failure(...diagnostics: readonly Diagnostic[]): { ok: false; diagnostics: Diagnostic[] } {
  return { ok: false, diagnostics: [...diagnostics] };
}

/** All values, or the diagnostics of all that failed. */
function collect<T>(results: readonly Result<T>[]): Result<readonly T[]> {
  const diagnostics = results.flatMap((result) => (result.ok ? [] : result.diagnostics));
  return diagnostics.length > 0
    ? { ok: false, diagnostics }
    : { ok: true, value: results.flatMap((result) => (result.ok ? [result.value] : [])) };
}
