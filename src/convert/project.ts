import { basename, dirname, join, resolve } from 'node:path';
import { ConfigError, type Diagnostic } from '../source/diagnostic.ts';
import {
  type KeptNode,
  keptAt,
  keptList,
  keptMap,
  keptPair,
  keptText,
} from '../source/kept-yaml.ts';
import { type KeptDocument, readKeptYaml } from '../source/read-kept-yaml.ts';
import { writeKeptYaml } from '../source/write-kept-yaml.ts';
import type { Glob } from './convert-loop.ts';
import {
  type ConnectionWords,
  connectionWords,
  convertPlaybook,
  convertRole,
} from './convert-play.ts';
import { convertTasks } from './convert-tasks.ts';
import { rewriteTemplate } from './rewrite-expression.ts';
import { rewriteVariables } from './rewrite-node.ts';
import { Remarks, todo } from './talk.ts';
import { withoutTwins } from './twins.ts';

/** What is read of the controller's disk. Paths are absolute. */
export interface ProjectReader {
  /** A file; null: there is none. */
  readonly read: (path: string) => Uint8Array | null;
  /** Names of the files in a directory and below it; none: there is none. */
  readonly list: (directory: string) => readonly string[];
  readonly glob: (directory: string) => Glob;
}

/** A file in xpush's words. */
export type ConvertedFile =
  | {
      readonly kind: 'playbook' | 'tasks' | 'handlers' | 'vars';
      readonly document: KeptDocument;
    }
  | { readonly kind: 'template'; readonly text: string };

/** All files that playbooks are made of, by their paths. */
export interface Project {
  readonly files: ReadonlyMap<string, ConvertedFile>;
  /** Files that are taken as they are. */
  readonly copied: readonly string[];
  readonly connection: ConnectionWords;
  /** What has no place in a file. */
  readonly said: readonly string[];
}

/** Converts playbooks and all files that they name. Throws `ConfigError` for what cannot be read. */
export function convertProject(
  playbooks: readonly string[],
  reader: ProjectReader,
  hasInventory: boolean,
): Project {
  const converter = new Converter(reader, hasInventory);
  for (const path of playbooks) converter.playbook(resolve(path), true);
  return converter.result;
}

class Converter {
  readonly #files = new Map<string, ConvertedFile>();
  readonly #copied = new Set<string>();
  readonly #said: string[] = [];
  readonly #reader: ProjectReader;
  readonly #hasInventory: boolean;
  readonly #seen = new Set<string>();
  #connection: ConnectionWords | null = null;

  constructor(reader: ProjectReader, hasInventory: boolean) {
    this.#reader = reader;
    this.#hasInventory = hasInventory;
  }

  get result(): Project {
    return {
      files: this.#files,
      copied: [...this.#copied],
      connection: this.#connection ?? connectionWords(keptMap([])),
      said: this.#said,
    };
  }

  playbook(path: string, isRequired = false): void {
    const document = this.#document(path, isRequired);
    if (document === null) return;
    const { root } = document;
    if (isRequired && root.kind !== 'list') {
      throw new ConfigError([plainly(`${path} is no playbook: a playbook is a list of plays`)]);
    }
    this.#connection ??= connectionWords(root);
    const directory = dirname(path);
    const around = { glob: this.#reader.glob(directory), hasInventory: this.#hasInventory };
    const converted = convertPlaybook(root, around);
    this.#keep(path, 'playbook', document, converted);
    for (const play of converted.kind === 'list' ? converted.items : []) {
      const imported = keptText(keptAt(play, 'import_playbook'));
      if (imported !== null) this.playbook(resolve(directory, imported));
      for (const file of textsAt(play, 'vars_files')) this.#vars(resolve(directory, file));
      for (const role of itemsAt(play, 'roles')) this.#roleOf(role, directory);
    }
    this.#follow(converted, directory, [directory]);
    this.#sayPrograms(directory);
    const hasVars = ['group_vars', 'host_vars'].some((one) => {
      return this.#reader.list(join(directory, one)).length > 0;
    });
    if (hasVars && !this.#hasInventory && isRequired) {
      this.#said.push('group_vars and host_vars belong to the inventory: name it with -i');
    }
    for (const kind of ['templates', 'files']) this.#plainFiles(join(directory, kind));
  }

  /** Files and roles that tasks name. */
  #follow(node: KeptNode, directory: string, roots: readonly string[]): void {
    if (node.kind === 'list') for (const item of node.items) this.#follow(item, directory, roots);
    if (node.kind !== 'map') return;
    for (const { key, value } of node.pairs) {
      if (key === 'import_tasks' || key === 'include_tasks') {
        const file = keptText(value) ?? keptText(keptAt(value, 'file'));
        if (file !== null && !file.includes('{{')) {
          this.#tasks(resolve(directory, file), 'tasks', roots);
        }
      } else if (key === 'import_role' || key === 'include_role') {
        for (const root of roots) this.#roleOf(value, root);
      } else if (taskLists.includes(key)) this.#follow(value, directory, roots);
      else if (sourceSteps.includes(key)) {
        const source = keptText(keptAt(value, 'src'));
        for (const root of new Set([directory, ...roots])) this.#source(root, source, key);
      }
    }
  }

  #tasks(path: string, kind: 'tasks' | 'handlers', roots: readonly string[]): void {
    const document = this.#document(path);
    if (document === null) return;
    const around = { glob: this.#reader.glob(dirname(path)), hasInventory: this.#hasInventory };
    const converted = convertTasks(document.root, kind, around);
    this.#keep(path, kind, document, converted);
    this.#follow(converted, dirname(path), roots);
  }

  #roleOf(node: KeptNode, root: string): void {
    const name = keptText(node) ?? keptText(keptAt(node, 'role')) ?? keptText(keptAt(node, 'name'));
    if (name === null || name.includes('{{') || this.#seen.has(`${root}\0${name}`)) return;
    this.#seen.add(`${root}\0${name}`);
    const directory = join(root, 'roles', name);
    for (const file of this.#reader.list(directory)) {
      const [part = ''] = file.split('/');
      const path = join(directory, file);
      if (part === 'files' || part === 'templates') continue;
      if (!/\.ya?ml$/.test(file)) continue;
      if (part === 'tasks' || part === 'handlers') this.#tasks(path, part, [root]);
      else if (part === 'vars' || part === 'defaults') this.#vars(path);
    }
    for (const kind of ['templates', 'files']) this.#plainFiles(join(directory, kind));
    this.#sayPrograms(directory);
    this.#dependencies(directory, root);
  }

  /** Python of the user's has no place here. */
  #sayPrograms(directory: string): void {
    for (const kind of ['library', 'filter_plugins', 'lookup_plugins', 'action_plugins']) {
      const path = join(directory, kind);
      if (this.#reader.list(path).length === 0) continue;
      this.#said.push(`${path}: Python is not run: write a step of your own in TypeScript`);
    }
  }

  /** Roles that a role needs are done at the head of its tasks. */
  #dependencies(directory: string, root: string): void {
    const meta = ['main.yml', 'main.yaml']
      .map((file) => join(directory, 'meta', file))
      .find((path) => this.#reader.read(path) !== null);
    const document = meta === undefined ? null : this.#document(meta);
    const needed = itemsAt(document?.root, 'dependencies');
    if (needed.length === 0) return;
    const remarks = new Remarks();
    const imports = needed.map((role): KeptNode => {
      const converted = convertRole(role, remarks);
      const name =
        keptText(converted) ??
        keptText(keptAt(converted, 'role')) ??
        keptText(keptAt(converted, 'name'));
      const pairs = converted.kind === 'map' ? converted.pairs : [];
      return keptMap([
        keptPair('import_role', keptMap([keptPair('name', name ?? '')])),
        ...pairs.filter(
          ({ key }) => key !== 'role' && key !== 'name' && key !== 'version' && key !== 'src',
        ),
      ]);
    });
    for (const role of needed) this.#roleOf(role, root);
    const path = join(directory, 'tasks', 'main.yml');
    const other = join(directory, 'tasks', 'main.yaml');
    const at = this.#files.has(other) ? other : path;
    const tasks = this.#files.get(at);
    const before = tasks !== undefined && tasks.kind !== 'template' ? tasks.document : emptyTasks;
    const list = before.root.kind === 'list' ? before.root : keptList([]);
    const root_ = { ...list, items: [...imports, ...list.items] };
    this.#files.set(at, { kind: 'tasks', document: { ...before, root: root_ } });
  }

  #vars(path: string): void {
    if (path.includes('{{')) return;
    const document = this.#document(path);
    if (document === null) return;
    const remarks = new Remarks();
    const converted = rewriteVariables(document.root, remarks);
    const head = [...document.head, ...remarks.lines];
    this.#keep(path, 'vars', { ...document, head }, converted);
  }

  /** A file that a task names and that is in neither `files` nor `templates`. */
  #source(directory: string, source: string | null, step: string): void {
    if (source === null || /^\/|(?:^|\/)\.\.(?:\/|$)|\{\{/.test(source)) return;
    const path = join(directory, source);
    if (this.#files.has(path) || this.#reader.read(path) === null) return;
    if (step === 'template') this.#template(path);
    else this.#copied.add(path);
  }

  #plainFiles(directory: string): void {
    for (const file of this.#reader.list(directory)) {
      const path = join(directory, file);
      const isTemplate = basename(directory) === 'templates';
      if (!isTemplate) this.#copied.add(path);
      else if (!this.#files.has(path)) this.#template(path);
    }
  }

  #template(path: string): void {
    const bytes = this.#reader.read(path);
    if (bytes === null) return;
    const written = Buffer.from(bytes).toString('utf8');
    if (written.includes('\ufffd')) {
      this.#copied.add(path);
      return;
    }
    const { text, remarks } = rewriteTemplate(written);
    const above = remarks.map((line) => `{# ${todo} ${line.replaceAll('#}', '')} #}\n`).join('');
    this.#files.set(path, { kind: 'template', text: above + text });
  }

  #keep(
    path: string,
    kind: 'playbook' | 'tasks' | 'handlers' | 'vars',
    document: KeptDocument,
    root: KeptNode,
  ): void {
    this.#files.set(path, { kind, document: { ...document, root: withoutTwins(root) } });
  }

  /** A file that was not read before; null: it was, or cannot be. */
  #document(path: string, isRequired = false): KeptDocument | null {
    if (this.#seen.has(path)) return null;
    this.#seen.add(path);
    const bytes = this.#reader.read(path);
    if (bytes === null) {
      if (isRequired) throw new ConfigError([plainly(`${path}: no such playbook`)]);
      return null; // said when the playbook is loaded
    }
    if (Buffer.from(bytes.subarray(0, 15)).toString('latin1') === '$ANSIBLE_VAULT;') {
      this.#said.push(`${path} is encrypted as a whole: encrypt its values, as !vault or !secret`);
      return null;
    }
    const read = readKeptYaml(bytes, path);
    if (!read.ok) throw new ConfigError(read.diagnostics);
    return read.value;
  }
}

/** Steps that take a file of the controller. */
const sourceSteps = ['copy', 'template', 'script', 'unarchive'];
const taskLists = [
  ...['tasks', 'pre_tasks', 'post_tasks', 'handlers', 'block', 'rescue', 'always'],
];
const emptyTasks: KeptDocument = { head: [], root: keptList([]), foot: [] };

function itemsAt(node: KeptNode | undefined, key: string): readonly KeptNode[] {
  const list = keptAt(node, key);
  return list?.kind === 'list' ? list.items : [];
}

function textsAt(node: KeptNode, key: string): readonly string[] {
  const written = keptAt(node, key);
  const nodes = written?.kind === 'list' ? written.items : written === undefined ? [] : [written];
  return nodes.flatMap((one) => keptText(one) ?? []);
}

function plainly(message: string): Diagnostic {
  return { position: null, message, hint: null, excerpt: null };
}

/** The text of a file as it is written out. */
export function textOf(file: ConvertedFile): string {
  return file.kind === 'template' ? file.text : writeKeptYaml(file.document);
}
