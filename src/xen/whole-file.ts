import { basename } from 'node:path/posix';
import type { DirectoryState, FileState } from '../host/query.ts';

/** First line of a file that is xpush's from its first byte to its last. */
export const ownHeader = '# Written by xpush. Changes here are overwritten.\n';

/** A file as its host has it. */
export interface ObservedFile {
  readonly path: string;
  readonly file: FileState;
}

/** Whether the file is wholly ours: it says so itself. */
export function isWhollyOurs(file: FileState): boolean {
  return file.type === 'file' && file.content?.startsWith(ownHeader) === true;
}

/**
 * The files that a program reads from directories whose files stand in for those of the same name
 * further back, in byte order of their names (systemd.network(5), netplan(5)).
 *
 * @param directories the strongest first
 */
export function inForce(directories: readonly DirectoryState[]): readonly ObservedFile[] {
  const byName = new Map<string, ObservedFile>();
  for (const { files } of directories) {
    for (const [path, file] of files) {
      const name = basename(path);
      if (!byName.has(name)) byName.set(name, { path, file });
    }
  }
  return [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, observed]) => observed);
}

/** The bytes of a file that can be read; null for what is none, is too large or is closed to us. */
export function textOf(file: FileState): string | null {
  return file.type === 'file' ? file.content : null;
}
