import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** A file that a run was made from, and the SHA-256 of what it held. */
export interface SourceFile {
  readonly file: string;
  readonly sha256: string;
}

/** What a run was made from. */
export interface Sources {
  /** INVENTORY as it was given, and all that was read for it. */
  readonly inventory: { readonly argument: string; readonly files: readonly SourceFile[] };
  readonly playbooks: readonly SourceFile[];
}

export function sourceFile(file: string, content: string | Uint8Array): SourceFile {
  return { file, sha256: hash('sha256', content) };
}

/** Of files that were read a moment ago; one that is gone since has no digest. */
export async function sourceFiles(files: readonly string[]): Promise<readonly SourceFile[]> {
  return Promise.all(
    files.map(async (file) => {
      const content = await readFile(file).catch(() => null);
      return content === null ? { file, sha256: '' } : sourceFile(file, content);
    }),
  );
}
