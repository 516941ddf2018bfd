import * as v from 'valibot';
import type { SourceFile } from '../host/change.ts';
import { Sums } from '../host/sums.ts';

export { contentLimit } from '../host/query.ts';

/** A file of the controller as it was when the playbook was read. */
export interface ControllerFile extends SourceFile {
  /** Permission bits. */
  readonly mode: number;
  /** Bytes as latin1 text; null: it is larger than `contentLimit`, and is read again when it is sent. */
  readonly content: string | null;
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

  find(found: FoundFiles): void {
    this.#found = found;
  }
}

/** A parameter that names a file or a directory of the controller. */
export const controllerPath = v.pipe(
  v.string(),
  v.nonEmpty('a path is needed'),
  v.check((path) => !path.includes('\0'), 'no path holds a NUL'),
  v.transform((path) => new ControllerFiles(path)),
);

/** A file of the controller, of its bytes in pieces, in order; small ones are kept whole. */
export function controllerFile(
  path: string,
  mode: number,
  isSmall: boolean,
  pieces: Iterable<Buffer>,
): ControllerFile {
  const sums = new Sums();
  let size = 0;
  let content = '';
  for (const piece of pieces) {
    sums.add(piece);
    size += piece.length;
    if (isSmall) content += piece.toString('latin1');
  }
  return { path, size, sums: sums.end(), mode, content: isSmall ? content : null };
}
