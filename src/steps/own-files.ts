import { basename, dirname } from 'node:path/posix';
import { type Change, change } from '../host/change.ts';
import type { DirectoryState, FileState } from '../host/query.ts';
import { isWhollyOurs, ownHeader, textOf } from '../xen/whole-file.ts';
import { type Refusal, refuse } from './step.ts';

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
function ownFilesIn({ files }: DirectoryState): readonly OwnFile[] {
  return [...files].flatMap(([path, file]) =>
    isOwnName(path) && isWhollyOurs(file) ? [{ path, text: textOf(file) ?? '' }] : [],
  );
}

/** Names of ours are plain, whatever else a host calls its files. */
const isOwnName = (path: string): boolean => /^\d\d-xpush[\w.-]*$/.test(basename(path));

/** Files of ours that go on as the guest's own. */
export interface HandedOver {
  readonly changes: readonly Change[];
  /** Where they are from then on. */
  readonly paths: readonly string[];
}

/**
 * The files of the listing that are wholly ours go on under names of the guest's own; refused where
 * it has another file of such a name.
 */
export function handOver(
  listing: DirectoryState,
  toOf: (from: OwnFile) => OwnFile,
  mode?: number,
): HandedOver | Refusal {
  const handed = ownFilesIn(listing).map((from) => ({ from, to: toOf(from) }));
  const inWay = handed.find(({ to }) => {
    const found = textOf(inListing(to.path, listing));
    return found !== null && found !== to.text;
  });
  if (inWay !== undefined) {
    return refuse(
      `${inWay.to.path} is there already, and ${inWay.from.path} is to be handed over to it`,
      'remove one of the two',
    );
  }
  return {
    changes: handed.flatMap(({ from, to }) => [
      ...writeOwnFiles([to], listing, mode),
      ...change.removeFile(from.path, inListing(from.path, listing), 'boot'),
    ]),
    paths: handed.map(({ to }) => to.path),
  };
}

/** A name before those that people give, and after ours, should xpush come back. */
export const guestsOwnName = ({ path }: OwnFile): string => path.replace('/00-xpush-', '/01-');

/** A file of ours that stays as it is but for its first line. */
export const withoutHeader = (text: string): string =>
  text.startsWith(ownHeader) ? text.slice(ownHeader.length) : text;
