import { createHash } from 'node:crypto';
import * as v from 'valibot';
import type { SourceFile } from '../host/change.ts';
import { Cksum } from '../host/cksum.ts';
import { withCrc } from '../host/sums.ts';

export { contentLimit } from '../host/query.ts';

/** A file of the controller as it was when the playbook was read. */
export interface ControllerFile extends SourceFile {
  /** Permission bits. */
  readonly mode: number;
  /** Bytes as latin1 text; null: it is larger than `contentLimit`, and is read again when it is sent. */
  readonly content: string | null;
  /** `sums` with the CRC, for hosts without sha256sum: the file is read once more. */
  readonly allSums: () => string;
}

/** What a path of the controller leads to. */
export type FoundFiles =
  | { readonly type: 'file'; readonly name: string; readonly file: ControllerFile }
  | {
      readonly type: 'directory';
      readonly name: string;
      /** Relative, parents first. */
      readonly directories: readonly string[];
      /** By relative path. */
      readonly files: ReadonlyMap<string, ControllerFile>;
    };

/** A path of the controller as a task writes it; who reads the playbook looks up what is there. */
export class ControllerFiles {
  /** As written: relative to the playbook's directory. */
  readonly path: string;
  #found: FoundFiles | null = null;

  constructor(path: string, found: FoundFiles | null = null) {
    this.path = path;
    this.#found = found;
  }

  /** What is there; throws before it was looked up. */
  get found(): FoundFiles {
    if (this.#found === null) throw new Error(`${this.path} was not read`);
    return this.#found;
  }

  /** Whether a file of it is sent in pieces. */
  get hasLarge(): boolean {
    const { found } = this;
    const files = found.type === 'file' ? [found.file] : [...found.files.values()];
    return files.some(({ content }) => content === null);
  }

  find(found: FoundFiles): void {
    this.#found = found;
  }
}

/** A file of the controller that is a template: who prepares a task for a host works it out. */
export class ControllerTemplate extends ControllerFiles {
  #text: string | null = null;
  #isSecret = false;

  /** What it comes to on the host; throws before it was worked out. */
  get text(): string {
    if (this.#text === null) throw new Error(`${this.path} was not rendered`);
    return this.#text;
  }

  /** Whether a secret is in it. */
  get isSecret(): boolean {
    return this.#isSecret;
  }

  render(text: string, isSecret = false): void {
    this.#text = text;
    this.#isSecret = isSecret;
  }
}

/** A parameter that names a template of the controller. */
export const controllerTemplate = v.pipe(
  v.string(),
  v.nonEmpty('a path is needed'),
  v.check((path) => !path.includes('\0'), 'no path holds a NUL'),
  v.transform((path) => new ControllerTemplate(path)),
);

/** A parameter that names a file or a directory of the controller. */
export const controllerPath = v.pipe(
  v.string(),
  v.nonEmpty('a path is needed'),
  v.check((path) => !path.includes('\0'), 'no path holds a NUL'),
  v.transform((path) => new ControllerFiles(path)),
);

/** A small file of the controller, which is kept whole. */
export function smallFile(path: string, mode: number, bytes: Buffer): ControllerFile {
  const content = bytes.toString('latin1');
  return { path, mode, content, size: bytes.length, sums: '', allSums: () => '' };
}

/** A large file of the controller; `read` gives its bytes in pieces, in order. */
export function largeFile(
  path: string,
  mode: number,
  read: () => Iterable<Buffer>,
): ControllerFile {
  const sha256 = createHash('sha256');
  let size = 0;
  for (const piece of read()) {
    sha256.update(piece);
    size += piece.length;
  }
  const sums = `${sha256.digest('hex')} * *`;
  let all: string | null = null;
  const allSums = () => {
    all ??= withCrc(sums, crcOf(read()));
    return all;
  };
  return { path, mode, content: null, size, sums, allSums };
}

/** One whose sums wait until they are needed. */
export function unsummedFile(
  { path, mode, size }: Pick<ControllerFile, 'path' | 'mode' | 'size'>,
  sums: { readonly value: string; readonly make: () => Promise<void> },
  read: () => Iterable<Buffer>,
): ControllerFile {
  let all: string | null = null;
  return {
    ...{ path, mode, content: null, size },
    get sums() {
      return sums.value;
    },
    makeSums: () => sums.make(),
    allSums: () => {
      all ??= sums.value === '' ? '' : withCrc(sums.value, crcOf(read()));
      return all;
    },
  };
}

function crcOf(pieces: Iterable<Buffer>): string {
  const crc = new Cksum();
  for (const piece of pieces) crc.add(piece);
  return crc.end();
}
