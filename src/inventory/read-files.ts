import { constants } from 'node:fs';
import { access, open, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, extname, isAbsolute, join } from 'node:path';
import type { Complaint } from '../source/complaint.ts';
import { largestTextBytes } from '../source/decode-text.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import { distrustOf, distrustOfDirectory } from '../source/distrust.ts';
import { readYaml } from '../source/parse-yaml.ts';
import { quoted } from '../source/quoted.ts';
import type { Result } from '../source/result.ts';
import type { SourceNode } from '../source/source-node.ts';
import type { Place } from '../source/source-text.ts';
import type { Findings } from './findings.ts';
import { textsOf } from './merge-files.ts';

const MOST_FILES = 10_000;
const STANDARD_INPUT = '<stdin>';

/** What the INVENTORY argument named, and what it includes. */
export interface FilesRead {
  /** In the order of reading; those that are not YAML are among the findings. */
  readonly roots: readonly SourceNode[];
  /** Names of all files, as messages give them. */
  readonly files: readonly string[];
}

/** What a file holds that is encrypted as a whole; null: it is not. */
export type OpenFile = (
  content: string | Uint8Array,
  file: string,
) => Promise<Result<Uint8Array> | null>;

export type OnRead = (file: string, content: string | Uint8Array) => void;

export interface ReadOptions {
  readonly onRead: OnRead;
  readonly openFile: OpenFile;
}

/** Reads a file, a directory's `*.yaml`, a program's output or standard input, and all includes. */
export async function readFiles(
  argument: string,
  stdin: string | Uint8Array | null,
  findings: Findings,
  options: ReadOptions,
): Promise<FilesRead> {
  const reader = new Reader(findings, options);
  if (argument === '-') await reader.readText(stdin);
  else await reader.readArgument(argument);
  return reader;
}

class Reader implements FilesRead {
  readonly roots: SourceNode[] = [];
  readonly files: string[] = [];
  readonly #findings: Findings;
  readonly #onRead: OnRead;
  readonly #openFile: OpenFile;
  /** Real paths, so that a file included twice is read once. */
  readonly #seen = new Set<string>();

  constructor(findings: Findings, { onRead, openFile }: ReadOptions) {
    this.#findings = findings;
    this.#onRead = onRead;
    this.#openFile = openFile;
  }

  async readText(text: string | Uint8Array | null): Promise<void> {
    if (text === null) this.#fail('no inventory came on standard input', null);
    else await this.#parse(text, STANDARD_INPUT, '.', []);
  }

  async readArgument(path: string): Promise<void> {
    const stats = await attempt(() => stat(path));
    if (!stats.ok) return this.#fail(`cannot read ${quoted(path)}: ${stats.why}`, null);
    if (!stats.value.isDirectory()) return this.#readFile(path, null, []);
    if (this.#distrusts(path, distrustOfDirectory(path), null)) return;
    const names = await attempt(() => readdir(path));
    if (!names.ok) return this.#fail(`cannot read ${quoted(path)}: ${names.why}`, null);
    const yamls = names.value.filter((name) => extname(name) === '.yaml' && !name.startsWith('.'));
    if (yamls.length === 0)
      return this.#fail(`the directory ${quoted(path)} holds no *.yaml file`, null);
    for (const name of yamls.toSorted()) await this.#readFile(join(path, name), null, []);
  }

  /** @param above real paths of the files that include this one, outermost first */
  async #readFile(path: string, from: Place | null, above: readonly string[]): Promise<void> {
    const real = await attempt(() => realpath(path));
    if (!real.ok) return this.#fail(`cannot read ${quoted(path)}: ${real.why}`, from);
    if (above.includes(real.value) && from !== null) {
      return this.#findings.add(from, `${quoted(path)} includes itself`);
    }
    if (this.#seen.has(real.value)) return;
    this.#seen.add(real.value);
    if (this.#seen.size > MOST_FILES) return this.#fail(`more than ${MOST_FILES} files`, from);
    const stats = await attempt(() => stat(path));
    if (!stats.ok) return this.#fail(`cannot read ${quoted(path)}: ${stats.why}`, from);
    if (!stats.value.isFile()) return this.#fail(`${quoted(path)} is not a file`, from);
    if (from === null && (await isProgram(path))) {
      return this.#runProgram(path, real.value, above);
    }
    if (this.#distrusts(path, distrustOf(path), from)) return;
    if (stats.value.size > largestTextBytes) {
      return this.#fail(`${quoted(path)} is larger than 10 MB`, from);
    }
    const contents = await attempt(() => readFile(path));
    if (!contents.ok) return this.#fail(`cannot read ${quoted(path)}: ${contents.why}`, from);
    await this.#parse(contents.value, path, dirname(path), [...above, real.value]);
  }

  async #runProgram(path: string, real: string, above: readonly string[]): Promise<void> {
    if (this.#distrusts(path, distrustOf(path), null, 'run')) return;
    const { runProgram } = await import('./run-program.ts');
    const ran = await runProgram(real);
    if (!ran.ok) return this.#fail(`${quoted(path)} ${ran.why}`, null, ran.hint);
    await this.#parse(ran.output, `${path} (output)`, dirname(path), [...above, real]);
  }

  async #parse(
    input: string | Uint8Array,
    file: string,
    directory: string,
    above: readonly string[],
  ): Promise<void> {
    this.files.push(file);
    this.#onRead(file, input);
    const opened = await this.#openFile(input, file);
    const text = opened === null ? input : this.#findings.take(opened);
    if (text === null) return;
    const options = { takesSecrets: true, isSecret: opened !== null };
    const { root, diagnostics } = readYaml(text, file, options);
    this.#findings.addAll(diagnostics);
    if (root === null) return;
    this.roots.push(root);
    for (const { text, place } of textsOf(root, 'include')) {
      if (isAbsolute(text)) {
        this.#findings.add(place, `include takes relative paths, not ${quoted(text)}`);
      } else await this.#readFile(join(directory, text), place, above);
    }
  }

  /** Whoever may write an inventory says what is done as root on every host. */
  #distrusts(
    path: string,
    complaint: Complaint | null,
    from: Place | null,
    verb: 'read' | 'run' = 'read',
  ): boolean {
    if (complaint === null) return false;
    this.#fail(`${quoted(path)} is not ${verb}: ${complaint.message}`, from, complaint.hint);
    return true;
  }

  #fail(message: string, from: Place | null, hint: string | null = null): void {
    if (from !== null) this.#findings.add(from, message, hint);
    else {
      const whole: Diagnostic = { position: null, message, hint, excerpt: null };
      this.#findings.addAll([whole]);
    }
  }
}

/**
 * An executable file that the kernel itself runs: a script with `#!` or an ELF binary. Anything else
 * is read, since `spawn` would give an executable YAML file to /bin/sh line by line.
 */
async function isProgram(path: string): Promise<boolean> {
  const executable = await attempt(() => access(path, constants.X_OK));
  if (!executable.ok) return false;
  const start = await attempt(() => firstBytes(path, 4));
  return start.ok && (start.value.startsWith('#!') || start.value === '\x7fELF');
}

async function firstBytes(path: string, length: number): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}

type Attempt<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string };

async function attempt<T>(act: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { ok: true, value: await act() };
  } catch (error) {
    return { ok: false, why: inWords(error) };
  }
}

function inWords(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'permission denied';
  if (code === 'ELOOP') return 'its symbolic links go in a circle';
  if (code === 'ENOTDIR') return 'a part of its path is not a directory';
  return error instanceof Error ? error.message : String(error);
}
