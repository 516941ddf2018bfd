import { readFileSync, statSync } from 'node:fs';
import { decodeText, largestTextBytes } from '../source/decode-text.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import { distrustOf } from '../source/distrust.ts';
import { parseYaml } from '../source/parse-yaml.ts';
import type { Result } from '../source/result.ts';
import type { SourceNode } from '../source/source-node.ts';
import { diagnosticAt, type Place, SourceText } from '../source/source-text.ts';
import type { ControllerFiles } from '../steps/controller-files.ts';
import { ControllerFileError, ControllerReader } from './controller-files.ts';

/** A file that is encrypted as a whole. */
export interface LockedFile {
  readonly file: string;
  /** As it was read. */
  readonly content: Uint8Array;
}

/** Files that a playbook is made of, each read once. */
export class PlaybookFiles {
  readonly #reader: ControllerReader;
  readonly #read = new Map<string, Result<SourceNode>>();
  readonly #texts = new Map<string, Result<SourceText>>();
  #locked: LockedFile[] = [];

  constructor(reader: ControllerReader = new ControllerReader()) {
    this.#reader = reader;
  }

  /** All files that were read: YAML, and the code of steps. */
  get names(): readonly string[] {
    return [...this.#read.keys(), ...this.#texts.keys()];
  }

  /** What was read as YAML, file by file. */
  get nodes(): readonly SourceNode[] {
    return [...this.#read.values()].flatMap((one) => (one.ok ? [one.value] : []));
  }

  /**
   * A file of the user's.
   *
   * @param what how it is called where it is missing: `playbook`, `task file`
   * @param place where it is named; null: on the command line
   */
  read(file: string, what: string, place: Place | null = null): Result<SourceNode> {
    const known = this.#read.get(file);
    if (known !== undefined) return known;
    const result = readNode(file, what, place, (content) => this.#locked.push({ file, content }));
    this.#read.set(file, result);
    return result;
  }

  /** Files of variables that were met and are encrypted as a whole; each is told once. */
  takeLocked(): readonly LockedFile[] {
    const locked = this.#locked;
    this.#locked = [];
    return locked;
  }

  /** What such a file holds, or why that cannot be told: whoever reads it again gets that. Its values are secrets. */
  unlock(file: string, opened: Result<Uint8Array>): void {
    const options = { takesSecrets: true, isSecret: true };
    this.#read.set(file, opened.ok ? parseYaml(opened.value, file, options) : opened);
  }

  /** The text of a file of the user's; `what` as in `read`. */
  readText(file: string, what: string): Result<SourceText> {
    const known = this.#texts.get(file);
    if (known !== undefined) return known;
    const result = readText(file, what);
    this.#texts.set(file, result);
    return result;
  }

  /** Looks up what a parameter names in the first of these directories that has it; gives what is wrong with it. */
  lookUp(
    files: ControllerFiles,
    directories: readonly string[],
    place: Place,
  ): readonly Diagnostic[] {
    let first: ControllerFileError | null = null;
    for (const directory of directories) {
      try {
        files.find(this.#reader.find(files.path, directory));
        return [];
      } catch (error) {
        if (!(error instanceof ControllerFileError)) throw error;
        if (!error.isMissing) return [diagnosticAt(place, error.message, error.hint)];
        first ??= error;
      }
    }
    return first === null ? [] : [diagnosticAt(place, first.message, first.hint)];
  }
}

function readNode(
  file: string,
  what: string,
  place: Place | null,
  onLocked: (content: Uint8Array) => void,
): Result<SourceNode> {
  const read = readBytes(file, what);
  if (!read.ok) return complain(read.why, read.hint ?? null, place);
  if (read.bytes.subarray(0, 15).toString('latin1') === '$ANSIBLE_VAULT;') {
    if (what === 'file of variables') onLocked(read.bytes);
    const hint = `a ${what} is read by people: encrypt its values, as !vault or !secret`;
    return complain(`${file} is encrypted as a whole`, hint, place);
  }
  return parseYaml(read.bytes, file, { takesSecrets: true });
}

function readText(file: string, what: string): Result<SourceText> {
  const read = readBytes(file, what);
  if (!read.ok) return complain(read.why, read.hint ?? null, null);
  const text = decodeText(read.bytes, file);
  return text.ok ? { ok: true, value: new SourceText(file, text.value) } : text;
}

function complain(
  message: string,
  hint: string | null,
  place: Place | null,
): Extract<Result<never>, { readonly ok: false }> {
  const diagnostic =
    place === null
      ? { position: null, message, hint, excerpt: null }
      : diagnosticAt(place, message, hint);
  return { ok: false, diagnostics: [diagnostic] };
}

type ReadBytes =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly why: string; readonly hint?: string | null };

/** Looked at before it is read: a device or a pipe may never end. */
function readBytes(file: string, what: string): ReadBytes {
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
    if (code === 'ENOENT') return { ok: false, why: `${file}: no such ${what}` };
    const why = code === 'EACCES' ? 'permission denied' : `cannot be read (${code})`;
    return { ok: false, why: `${file}: ${why}` };
  }
}
