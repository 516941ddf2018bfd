import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

/** V8's code cache of a script, from the end of a run. */
export interface KeptCode {
  readonly code: Buffer;
  /** How much code there was in all, the cached and what that run compiled itself. */
  readonly compiledBytes: number;
}

/** What became of the look for cached code. */
export type CachedCode = KeptCode | { readonly code: null; readonly reason: string };

/** Whether cached code runs; `reason` says why not. */
export interface CodeUse {
  readonly file: string | null;
  readonly reason: string | null;
}

/**
 * Where compiled code is kept: `$XDG_CACHE_HOME/xpush/code`, by default `~/.cache/xpush/code`. null: it
 * is not to be, as node's own NODE_DISABLE_COMPILE_CACHE says, or falsifies NODE_V8_COVERAGE; or nowhere.
 */
export function codeCacheDirectory(environment: NodeJS.ProcessEnv): string | null {
  const { NODE_DISABLE_COMPILE_CACHE, NODE_V8_COVERAGE, XDG_CACHE_HOME = '' } = environment;
  if (NODE_DISABLE_COMPILE_CACHE || NODE_V8_COVERAGE) return null;
  const base = isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(home(), '.cache');
  return isAbsolute(base) ? join(base, 'xpush', 'code') : null;
}

/** Not every user id has one. */
function home(): string {
  try {
    return homedir();
  } catch {
    return '';
  }
}

/** One of each command, and its help, is 26. */
const mostFiles = 40;
const largestBytes = 64 * 1024 * 1024;
const digestBytes = 32;
/** A multiple of 8: V8 copies code that lies otherwise. */
const headBytes = 40;

/**
 * Cached code of one script, in a file. V8 believes what it reads, so only what this user wrote, whole,
 * for this very `key` counts; anything else is as good as nothing. Never throws: the program runs without.
 */
export class CodeCache {
  readonly file: string;
  readonly #directory: string;
  readonly #key: string;

  constructor(directory: string, key: string) {
    this.#directory = directory;
    this.#key = key;
    this.file = join(directory, key);
  }

  read(): CachedCode {
    try {
      const complaint = this.#complaint();
      return complaint === null ? this.#readWhole() : { code: null, reason: complaint };
    } catch (error) {
      return { code: null, reason: codeOf(error) === 'ENOENT' ? 'not there yet' : codeOf(error) };
    }
  }

  /** `keep` is asked only when there is a place for what it gives. */
  write(keep: () => KeptCode): void {
    const beside = `${this.file}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      this.#make();
      if (this.#complaint() !== null) return;
      const file = openSync(beside, 'wx', 0o600);
      try {
        const { code, compiledBytes } = keep();
        const head = Buffer.alloc(headBytes);
        head.writeDoubleLE(compiledBytes, digestBytes);
        const body = [head.subarray(digestBytes), code];
        for (const part of [this.#digest(body), ...body]) writeAll(file, part);
      } finally {
        closeSync(file);
      }
      renameSync(beside, this.file);
      this.#prune();
    } catch {
      removeQuietly(beside);
    }
  }

  #readWhole(): CachedCode {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    const file = openSync(this.file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const { uid, nlink, mode, size } = fstatSync(file);
      const isOurs = uid === me() && nlink === 1 && (mode & 0o022) === 0;
      const isFile = (mode & constants.S_IFMT) === constants.S_IFREG;
      if (!isFile || !isOurs) return { code: null, reason: 'not ours alone' };
      if (size > largestBytes) return { code: null, reason: 'too large' };
      const content = readFileSync(file);
      const isWhole =
        content.length > headBytes &&
        content.subarray(0, digestBytes).equals(this.#digest([content.subarray(digestBytes)]));
      if (!isWhole) return { code: null, reason: 'damaged' };
      return {
        code: content.subarray(headBytes),
        compiledBytes: content.readDoubleLE(digestBytes),
      };
    } finally {
      closeSync(file);
    }
  }

  #digest(body: readonly Buffer[]): Buffer {
    const hash = createHash('sha256').update(`${this.#key}\n`);
    for (const part of body) hash.update(part);
    return hash.digest();
  }

  /** Why nothing in the directory is to be believed. Throws where there is none. */
  #complaint(): string | null {
    const found = lstatSync(this.#directory);
    if (!found.isDirectory()) return 'its place is no directory';
    const isOurs = found.uid === me() && (found.mode & 0o077) === 0;
    return isOurs ? null : 'its directory is open to others';
  }

  /** Not in somebody else's home, where `sudo` may have left HOME. */
  #make(): void {
    const missing: string[] = [];
    let above = this.#directory;
    while (statSync(above, { throwIfNoEntry: false }) === undefined) {
      missing.unshift(above);
      above = dirname(above);
    }
    if (statSync(above).uid !== me()) return;
    // one by one: in /proc, Node 20 never ends a recursive one
    for (const directory of missing) makeDirectory(directory);
  }

  /** The oldest go: of other versions, of runs that were killed. */
  #prune(): void {
    const files = readdirSync(this.#directory).map((name) => join(this.#directory, name));
    if (files.length <= mostFiles) return;
    const byAge = files
      .map((path) => ({ path, at: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
      .toSorted((one, other) => other.at - one.at);
    for (const { path } of byAge.slice(mostFiles)) rmSync(path, { force: true });
  }
}

function writeAll(file: number, part: Buffer): void {
  for (let done = 0; done < part.length; ) done += writeSync(file, part, done);
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, 0o700);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error; // another run was faster
  }
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // it is where nothing can be written
  }
}

function me(): number {
  return process.geteuid?.() ?? 0;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
