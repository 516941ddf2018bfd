import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { basename, join, resolve, sep } from 'node:path';
import { quoted } from '../source/quoted.ts';
import {
  type ControllerFile,
  contentLimit,
  type FoundFiles,
  largeFile,
  smallFile,
  unsummedFile,
} from '../steps/controller-files.ts';
import { LaterSums } from './later-sums.ts';

/** What a playbook can't have of the controller's files: a sentence, and what to do. */
export class ControllerFileError extends Error {
  override readonly name = 'ControllerFileError';
  readonly hint: string | null;
  /** Whether there is nothing at all. */
  readonly isMissing: boolean;

  constructor(message: string, hint: string | null = null, isMissing = false) {
    super(message);
    this.hint = hint;
    this.isMissing = isMissing;
  }
}

/** More files and directories of one `src` are not copied one by one. */
const mostEntries = 2_000;

/** Of all small files of a run: each host is asked for as much, and sent it in one program. */
const mostSmallBytes = 8 * 1024 * 1024;

const chunkBytes = 1_048_576;

/** When the sums of large files are made: as these are read, or first when one is compared with a host's. */
export type WhenSummed = 'at once' | 'when needed';

/** Reads files of the controller for the tasks of a run, each once; large ones only for their sums. */
export class ControllerReader {
  readonly #whenSummed: WhenSummed;
  readonly #known = new Map<string, ControllerFile>();
  #smallBytes = 0;

  constructor(whenSummed: WhenSummed = 'at once') {
    this.#whenSummed = whenSummed;
  }

  /**
   * What is at a path, relative to a directory. Throws `ControllerFileError` when that is nothing
   * to copy.
   */
  find(path: string, directory: string): FoundFiles {
    const absolute = resolve(directory, path);
    const name = basename(absolute);
    return reading(absolute, () => {
      if (!statSync(absolute).isDirectory()) {
        if (path.endsWith('/')) throw new ControllerFileError(`${quoted(path)} is no directory`);
        return { type: 'file', name, file: this.#file(absolute) };
      }
      const top = realpathSync(absolute);
      const tree = { directories: [], files: new Map<string, ControllerFile>() };
      this.#walk(top, '', tree);
      return { type: 'directory', name: basename(top), ...tree };
    });
  }

  /** Why a large file is not the one that had these sums (host/sums.ts); null: it is. */
  changeOf(path: string, sums: string): string | null {
    try {
      const isSame = this.#file(path).sums.split(' ')[0] === sums.split(' ')[0];
      return isSame ? null : `${path} is not as it was when the plan was made`;
    } catch (error) {
      if (error instanceof ControllerFileError) return error.message;
      throw error;
    }
  }

  #walk(
    top: string,
    below: string,
    tree: { readonly directories: string[]; readonly files: Map<string, ControllerFile> },
  ): void {
    for (const entry of readdirSync(join(top, below), { withFileTypes: true }).sort(byName)) {
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      const path = join(top, name);
      if (/[\n\ufffd]/.test(entry.name)) {
        throw new ControllerFileError(`the name ${quoted(name)} can't be copied`);
      }
      if (tree.directories.length + tree.files.size >= mostEntries) {
        throw new ControllerFileError(
          `${top} holds more than ${mostEntries} files`,
          'pack them into an archive, and copy that',
        );
      }
      reading(path, () => {
        if (entry.isDirectory()) {
          tree.directories.push(name);
          this.#walk(top, name, tree);
        } else {
          tree.files.set(name, this.#file(entry.isSymbolicLink() ? linked(path, top) : path));
        }
      });
    }
  }

  #file(path: string): ControllerFile {
    return reading(path, () => this.#read(path));
  }

  #read(path: string): ControllerFile {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    // a pipe would never open
    if (!statSync(path).isFile()) {
      throw new ControllerFileError(`${path} is neither a file nor a directory`);
    }
    const handle = openSync(path, 'r');
    try {
      const { size, mode } = fstatSync(handle);
      const isSmall = size <= contentLimit;
      if (isSmall) this.#smallBytes += size;
      if (this.#smallBytes > mostSmallBytes) {
        throw new ControllerFileError(
          `the small files of this run are more than ${mostSmallBytes / 1024 / 1024} MiB`,
          'pack them into an archive, and copy that',
        );
      }
      const bits = mode & 0o7777;
      const file = isSmall
        ? smallFile(path, bits, readFileSync(handle))
        : this.#large({ path, mode: bits, size }, handle);
      if (file.size !== size) throw new ControllerFileError(`${path} changed while it was read`);
      this.#known.set(path, file);
      return file;
    } finally {
      closeSync(handle);
    }
  }

  #large(file: { path: string; mode: number; size: number }, handle: number): ControllerFile {
    const { path, mode } = file;
    const read = () => piecesOf(path);
    if (this.#whenSummed === 'at once') return largeFile(path, mode, read);
    return unsummedFile(file, new LaterSums(path, handle), read);
  }
}

/** The same buffer again and again. */
function* piecesOf(path: string): Iterable<Buffer> {
  const buffer = Buffer.allocUnsafe(chunkBytes);
  const handle = openSync(path, 'r');
  try {
    for (;;) {
      const length = readSync(handle, buffer);
      if (length === 0) return;
      yield buffer.subarray(0, length);
    }
  } finally {
    closeSync(handle);
  }
}

/** Where a link of a directory leads, if that is a file in there. */
function linked(path: string, top: string): string {
  const target = realpathSync(path);
  const isFile = target.startsWith(`${top}${sep}`) && statSync(target).isFile();
  if (isFile) return target;
  throw new ControllerFileError(
    `${path} is a symbolic link, to ${quoted(target)}`,
    'of the links in a directory, only those to files in the same directory are copied, as files',
  );
}

function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ControllerFileError) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ENOENT') {
      throw new ControllerFileError(`${path}: no such file or directory`, null, true);
    }
    if (code === 'EACCES') throw new ControllerFileError(`${path}: permission denied`);
    if (typeof code === 'string') throw new ControllerFileError(`${path} can't be read (${code})`);
    throw error;
  }
}

function byName({ name: a }: { readonly name: string }, { name: b }: { readonly name: string }) {
  return a < b ? -1 : 1;
}
