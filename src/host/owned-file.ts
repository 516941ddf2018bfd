import type { Entry, FileState } from './answers.ts';
import { type Change, change } from './change.ts';
import { entryAfter } from './entries-after.ts';
import { type Attributes, type Effect, type SetAttributes, setAttributes } from './entry-change.ts';

/**
 * A file gets a content, an owner, a group and a mode; what is left out stays, and is root's, 0644, of a
 * new one. Nothing when it is so. Nobody reads a new one before it is who's it should be: it is made for
 * its maker alone. Throws where the path is a symbolic link: attributes are not set through one.
 */
export function writeOwned(
  path: string,
  content: string,
  { file, entry }: { readonly file: FileState; readonly entry: Entry },
  { effect, ...attributes }: Attributes & { readonly effect: Effect },
): readonly Change[] {
  if (entry.type === 'link') throw new Error(`${path} is a symbolic link`);
  const { mode, owner, group } = attributes;
  const isOfOthers = owner !== undefined || group !== undefined;
  const firstMode = file.type === 'absent' && isOfOthers ? 0o600 : mode;
  const writes = change.writeFile(path, content, file, {
    effect,
    ...(firstMode === undefined ? {} : { mode: firstMode }),
  });
  const written = writes.reduce(
    (state: Entry, one) => entryAfter({ path, isFollowed: false }, state, one) ?? state,
    entry,
  );
  const all = file.type === 'absent' ? { mode: 0o644, ...attributes } : attributes;
  return [...writes, ...own(path, all, written, { isNew: file.type === 'absent', effect })];
}

/** A directory is made, where there is none, and gets an owner, a group and a mode. Nothing when it is so. */
export function ownDirectory(
  path: string,
  { file, entry }: { readonly file: FileState; readonly entry: Entry },
  { effect, ...attributes }: Attributes & { readonly effect: Effect },
): readonly Change[] {
  const isOfOthers = attributes.owner !== undefined || attributes.group !== undefined;
  const { mode = 0o755 } = attributes;
  const made = change.makeDirectory(path, file, isOfOthers ? mode & 0o700 : mode);
  const after = made.reduce(
    (state: Entry, one) => entryAfter({ path, isFollowed: false }, state, one) ?? state,
    entry,
  );
  const all = file.type === 'absent' ? { mode, ...attributes } : attributes;
  return [...made, ...own(path, all, after, { isNew: made.length > 0, effect })];
}

/**
 * The attributes of what was written are set, where they differ. What is new has perhaps the group of its directory
 * (set-group-ID): a group that is wanted of it is always set.
 */
export function own(
  path: string,
  wanted: Attributes,
  written: Entry,
  { isNew, effect }: { readonly isNew: boolean; readonly effect: Effect },
): readonly SetAttributes[] {
  const isUnsure = isNew && written.type !== 'absent';
  const before = isUnsure ? { ...written, gid: null, group: null } : written;
  return setAttributes(path, wanted, before, effect);
}
