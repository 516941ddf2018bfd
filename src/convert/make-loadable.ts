import { basename, dirname, resolve } from 'node:path';
import { loadPlaybooks } from '../playbook/load-playbook.ts';
import { PlaybookFiles } from '../playbook/playbook-files.ts';
import { ConfigError, type Diagnostic } from '../source/diagnostic.ts';
import type { KeptNode } from '../source/kept-yaml.ts';
import { parseYaml } from '../source/parse-yaml.ts';
import type { Result } from '../source/result.ts';
import type { SourceNode } from '../source/source-node.ts';
import type { Place } from '../source/source-text.ts';
import { type ControllerFiles, smallFile } from '../steps/controller-files.ts';
import { leaveOut, type Misfit, type Path, partAround, pathAt } from './leave-out.ts';
import { type ConvertedFile, type Project, textOf } from './project.ts';

/** Each turn leaves something out; what is then wrong was hidden behind it. */
const mostTurns = 200;

/** The files of a project that loads, and what is wrong with it that no file says. */
export interface Loadable {
  readonly files: ReadonlyMap<string, ConvertedFile>;
  readonly left: readonly Diagnostic[];
}

/** Loads converted playbooks as they would be, and makes comments of what is refused. */
export function makeLoadable(playbooks: readonly string[], { files }: Project): Loadable {
  const current = new Map(files);
  const directory = `${dirname(resolve(playbooks[0] ?? ''))}/`;
  let left: readonly Diagnostic[] = [];
  for (let turn = 0; turn < mostTurns; turn++) {
    const loader = new ConvertedFiles(current);
    left = problems(playbooks, loader);
    const misfits = misfitsOf(left, current, loader, directory);
    if (misfits.size === 0) break;
    for (const [path, parts] of misfits) {
      const file = current.get(path);
      if (file === undefined || file.kind === 'template') continue;
      const kind = file.kind === 'handlers' ? 'handlers' : 'tasks';
      const root = leaveOut(file.document.root, parts, kind);
      current.set(path, { ...file, document: { ...file.document, root } });
    }
  }
  return { files: current, left };
}

function problems(playbooks: readonly string[], files: ConvertedFiles): readonly Diagnostic[] {
  try {
    loadPlaybooks(
      playbooks.map((path) => resolve(path)),
      { files },
    );
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.diagnostics;
    throw error;
  }
}

function misfitsOf(
  diagnostics: readonly Diagnostic[],
  files: ReadonlyMap<string, ConvertedFile>,
  loader: ConvertedFiles,
  directory: string,
): ReadonlyMap<string, readonly Misfit[]> {
  const found = new Map<string, Misfit[]>();
  for (const { position, message, hint } of diagnostics) {
    if (position === null) continue;
    const path = resolve(position.file);
    const why = (hint === null ? message : `${message}: ${hint}`).replaceAll(directory, '');
    const file = files.get(path);
    if (file === undefined || file.kind === 'template') {
      const said = `${basename(path)}:${position.line}: ${why}`;
      for (const [user, parts] of usersOf(basename(path), files, said)) {
        found.set(user, [...(found.get(user) ?? []), ...parts]);
      }
      continue;
    }
    const read = loader.read(path);
    if (!read.ok) continue;
    const offset = offsetOf(textOf(file), position.line, position.column);
    const part = partAround(pathAt(read.value, offset), file.kind);
    if (part.length === 0) continue;
    found.set(path, [...(found.get(path) ?? []), { path: part, why }]);
  }
  return found;
}

/** The tasks that take a template: what is wrong with it is told where it is. */
function usersOf(
  name: string,
  files: ReadonlyMap<string, ConvertedFile>,
  why: string,
): ReadonlyMap<string, readonly Misfit[]> {
  const users = new Map<string, readonly Misfit[]>();
  for (const [path, file] of files) {
    if (file.kind === 'template' || file.kind === 'vars') continue;
    const { kind } = file;
    const ways = waysTo(file.document.root, name, []);
    const parts = ways.map((way) => ({ path: partAround(way, kind), why }));
    if (parts.length > 0) users.set(path, parts);
  }
  return users;
}

/** The ways to texts that name a file. */
function waysTo(node: KeptNode, name: string, path: Path): readonly Path[] {
  switch (node.kind) {
    case 'scalar':
      return typeof node.value === 'string' && basename(node.value) === name ? [path] : [];
    case 'list':
      return node.items.flatMap((item, index) => waysTo(item, name, [...path, index]));
    case 'map':
      return node.pairs.flatMap(({ key, value }) => waysTo(value, name, [...path, key]));
  }
}

function offsetOf(text: string, line: number, column: number): number {
  const lines = text.split('\n');
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  return before + [...(lines[line - 1] ?? '')].slice(0, column - 1).join('').length;
}

/** The files of a project as they would be on disk; what they copy is not looked up. */
class ConvertedFiles extends PlaybookFiles {
  readonly #files: ReadonlyMap<string, ConvertedFile>;
  readonly #parsed = new Map<string, Result<SourceNode>>();
  constructor(files: ReadonlyMap<string, ConvertedFile>) {
    super();
    this.#files = files;
  }

  override read(file: string, what = 'file', place: Place | null = null): Result<SourceNode> {
    const path = resolve(file);
    const converted = this.#files.get(path);
    if (converted === undefined) {
      const read = super.read(file, what, place);
      // it is not among what is written: the roles that it needs are in the tasks
      const isMeta = what === 'file of a role' && read.ok && read.value.kind === 'map';
      return isMeta ? { ok: true, value: { ...read.value, entries: new Map() } } : read;
    }
    const known = this.#parsed.get(path);
    if (known !== undefined) return known;
    const parsed = parseYaml(textOf(converted), path, { takesSecrets: true });
    this.#parsed.set(path, parsed);
    return parsed;
  }

  override lookUp(
    files: ControllerFiles,
    directories: readonly string[],
    place: Place,
  ): readonly Diagnostic[] {
    const paths = directories.map((directory) => resolve(directory, files.path));
    for (const path of paths) {
      const converted = this.#files.get(path);
      if (converted === undefined) continue;
      const file = smallFile(path, 0o644, Buffer.from(textOf(converted)));
      files.find({ type: 'file', name: basename(path), file });
      return [];
    }
    return super.lookUp(files, directories, place);
  }
}
