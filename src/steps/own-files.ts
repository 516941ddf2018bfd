import { basename, dirname } from 'node:path/posix';
import { type Change, change } from '../host/change.ts';
import type { DirectoryState, FileState } from '../host/query.ts';
import { isWhollyOurs, ownHeader, textOf } from '../xen/whole-file.ts';

/** Files that are wholly ours, for the next boot. */
export interface OwnFile {
  readonly path: string;
  readonly text: string;
}

const absent: FileState = { type: 'absent' };

/** The file as the listing of its directory has it. */
export const inListing = (path: string, { files }: DirectoryState): FileState =>
  files.get(path) ?? absent;

/** Writes the files into a directory, made where it is missing; a listing of it says what is there. */
export function writeOwnFiles(
  files: readonly OwnFile[],
  listing: DirectoryState,
  mode?: number,
): readonly Change[] {
  const options = { effect: 'boot', ...(mode === undefined ? {} : { mode }) } as const;
  const directories = new Set(files.map(({ path }) => dirname(path)));
  return [
    ...[...directories].flatMap((path) =>
      change.makeDirectory(path, listing.exists ? { type: 'directory' } : absent),
    ),
    ...files.flatMap(({ path, text }) =>
      change.writeFile(path, text, inListing(path, listing), options),
    ),
  ];
}

/** Removes files of ours that are no longer wanted: they say themselves that they are ours. */
export function removeStaleFiles(
  listing: DirectoryState,
  wanted: readonly OwnFile[],
): readonly Change[] {
  return ownFilesIn(listing)
    .filter(({ path }) => !wanted.some((each) => each.path === path))
    .flatMap(({ path }) => change.removeFile(path, inListing(path, listing), 'boot'));
}

/** Those of the listing that are wholly ours, by name and by content. */
export function ownFilesIn({ files }: DirectoryState): readonly OwnFile[] {
  return [...files].flatMap(([path, file]) =>
    isOwnName(path) && isWhollyOurs(file) ? [{ path, text: textOf(file) ?? '' }] : [],
  );
}

/** Names of ours are plain, whatever else a host calls its files. */
const isOwnName = (path: string): boolean => /^\d\d-xpush[\w.-]*$/.test(basename(path));

/** The file goes on under a name of the guest's own, without our first line. */
export function handedOver(
  from: OwnFile,
  to: OwnFile,
  listing: DirectoryState,
  mode?: number,
): readonly Change[] {
  return [
    ...writeOwnFiles([to], listing, mode),
    ...change.removeFile(from.path, inListing(from.path, listing), 'boot'),
  ];
}

/** A file of ours that stays as it is but for its first line. */
export const withoutHeader = (text: string): string =>
  text.startsWith(ownHeader) ? text.slice(ownHeader.length) : text;
