import { copyFileSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { convertInventory } from '../convert/convert-inventory.ts';
import { readInventory, readVarsFiles } from '../convert/inventory-files.ts';
import { makeLoadable } from '../convert/make-loadable.ts';
import { type ConvertedFile, convertProject, type Project, textOf } from '../convert/project.ts';
import { todo } from '../convert/talk.ts';
import { exitCodes } from '../engine/exit-code.ts';
import { loadInventory } from '../inventory/load-inventory.ts';
import { ConfigError, type Diagnostic } from '../source/diagnostic.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { formatDiagnostic } from '../source/format-diagnostic.ts';
import { keptAt, keptText } from '../source/kept-yaml.ts';
import type { KeptDocument } from '../source/read-kept-yaml.ts';
import { writeKeptYaml } from '../source/write-kept-yaml.ts';
import type { ConvertOptions } from './convert.ts';
import { reasonOf } from './out-file.ts';
import { projectReader } from './project-reader.ts';
import { UsageError } from './usage-error.ts';

const inventoryName = 'inventory.yaml';

/** Does what `xpush convert` is for, and gives the exit code. */
export async function runConvert({
  playbook: playbooks,
  inventory,
  out,
  force,
}: ConvertOptions): Promise<number> {
  const project = convertProject(playbooks, projectReader, inventory !== undefined);
  const { files, left } = makeLoadable(playbooks, project);
  const top = dirname(resolve(playbooks[0] ?? ''));
  const texts = new Map([...files].map(([path, file]) => [relative(top, path), textOf(file)]));
  const said = [...project.said, ...left.map(formatDiagnostic)];
  if (inventory !== undefined) {
    const vars = readVarsFiles([inventory, ...playbooks], projectReader);
    said.push(...vars.said);
    const document = convertInventory(readInventory(inventory, projectReader), vars, {
      connection: project.connection,
      localhost: isForLocalhost(files),
    });
    const read = await readAgain(document);
    texts.set(inventoryName, read.text);
    said.push(...read.wrong);
  }
  if (out === undefined) print(texts, playbooks);
  else write(out, texts, project, top, force);
  const lines = said.flatMap((text) => text.split('\n'));
  for (const line of lines) process.stderr.write(`${escapeControls(line)}\n`);
  process.stderr.write(`${summary(texts, out)}\n`);
  return exitCodes.done;
}

/** The text of an inventory, which says at its head why it cannot be loaded; the same with places. */
async function readAgain(
  document: KeptDocument,
): Promise<{ readonly text: string; readonly wrong: readonly string[] }> {
  const text = writeKeptYaml(document);
  const wrong = await wrongIn(text);
  if (wrong.length === 0) return { text, wrong: [] };
  const why = wrong.map(({ message, hint }) => {
    return `${todo} it cannot be loaded: ${[message, hint].filter(Boolean).join(': ')}`;
  });
  const told = writeKeptYaml({ ...document, head: [...document.head, ...new Set(why)] });
  return { text: told, wrong: (await wrongIn(told)).map(formatDiagnostic) };
}

async function wrongIn(text: string): Promise<readonly Diagnostic[]> {
  try {
    await loadInventory({ argument: '-', stdin: text, openFile: async () => null });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.diagnostics.map(({ position, ...diagnostic }) => ({
      ...diagnostic,
      position: position && { ...position, file: inventoryName },
    }));
  }
}

/** One file can be printed; several would be one text that nobody can load. */
function print(texts: ReadonlyMap<string, string>, playbooks: readonly string[]): void {
  const [only, ...more] = [...texts].filter(([path]) => !path.startsWith('templates/'));
  if (only === undefined) return;
  if (more.length === 0) {
    process.stdout.write(only[1]);
    return;
  }
  const count = texts.size;
  throw new UsageError(
    `${playbooks.join(' ')}: the translation is ${count} files`,
    'name a directory for them: --out DIR',
  );
}

function write(
  out: string,
  texts: ReadonlyMap<string, string>,
  { copied }: Project,
  top: string,
  force: boolean,
): void {
  const copies = copied.map((path) => [relative(top, path), path] as const);
  const names = [...texts.keys(), ...copies.map(([name]) => name)];
  const outside = names.find((name) => name.startsWith('..'));
  if (outside !== undefined) {
    throw new UsageError(
      `${outside} is not below the playbook's directory`,
      'put the files that the playbook names below it, and convert again',
    );
  }
  const taken = names.find((name) => existsSync(join(out, name)));
  if (resolve(out) === top) {
    throw new UsageError(`${out} is where the playbook is`, 'name another directory');
  }
  if (taken !== undefined && !force) {
    throw new UsageError(
      `${join(out, taken)} is there already`,
      'name another directory, or say --force',
    );
  }
  try {
    for (const name of names) mkdirSync(dirname(join(out, name)), { recursive: true });
    for (const [name, text] of texts) writeFileSync(join(out, name), text);
    for (const [name, path] of copies) {
      if (statSync(path).isFile()) copyFileSync(path, join(out, name));
    }
  } catch (error) {
    throw new UsageError(`cannot write to ${out}: ${reasonOf(error)}`);
  }
}

function summary(texts: ReadonlyMap<string, string>, out: string | undefined): string {
  const left = [...texts.values()].join('\n').split(`# ${todo} `).length - 1;
  const templates = [...texts.values()].join('\n').split(`{# ${todo} `).length - 1;
  const count = left + templates;
  const where = out === undefined ? '' : ` in ${escapeControls(out)}`;
  const files = `${texts.size} ${texts.size === 1 ? 'file' : 'files'}`;
  const things = count === 1 ? 'thing is' : 'things are';
  return count === 0
    ? `Translated: ${files}${where}; nothing is left to do.`
    : `Translated: ${files}${where}; ${count} ${things} left to do: look for "${todo}".`;
}

function isForLocalhost(files: ReadonlyMap<string, ConvertedFile>): boolean {
  return [...files].some(([path, file]) => {
    if (file.kind !== 'playbook' || basename(path) === '') return false;
    const { root } = file.document;
    const plays = root.kind === 'list' ? root.items : [];
    return plays.some((play) =>
      /^(?:localhost|127\.0\.0\.1)$/.test(keptText(keptAt(play, 'hosts')) ?? ''),
    );
  });
}
