import * as v from 'valibot';
import { type Attributes, type Change, change, type SourceFile } from '../host/change.ts';
import { asBytes } from '../host/change-words.ts';
import { entryAfter, isOfEntry } from '../host/entries-after.ts';
import { own, ownDirectory } from '../host/owned-file.ts';
import { type Entry, type FileState, query } from '../host/query.ts';
import { areSame, isWithoutSha256, sums } from '../host/sums.ts';
import { backup, backupName } from './backup.ts';
import type { ControllerFile } from './controller-files.ts';
import { described } from './described.ts';
import { modeAfter } from './file-mode.ts';
import { madeEntry, ownership, principalOf } from './ownership.ts';
import { type Refusal, refuse } from './step.ts';
import { canValidate, validate, validation } from './validated.ts';

/** Parameters for how a file is put in place, besides its mode. */
export const placing = {
  owner: ownership.owner,
  group: ownership.group,
  force: v.optional(
    described(
      v.boolean(),
      'Whether a file that is there and differs is replaced. Default: `true`.',
    ),
  ),
  backup: v.optional(
    described(
      v.boolean(),
      'Whether a file that is replaced is kept beside it; `register` has its name as `backup_file`. Default: `false`.',
    ),
  ),
  validate,
} as const;

/** What is wanted of a file that is put in place. */
interface Wanted {
  readonly content?: string | undefined;
  /** Whether the content holds a secret. */
  readonly isSecret?: boolean | undefined;
  readonly mode?: string | undefined;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
  readonly force?: boolean | undefined;
  readonly backup?: boolean | undefined;
  readonly validate?: string | undefined;
  /** A path of the host. */
  readonly remote?: string | undefined;
}

/** A file that is put in place, with what is there. */
interface Copied {
  readonly path: string;
  /** null: there is a text, or a file of the host, in its place. */
  readonly file: ControllerFile | null;
  readonly remote: FileState | null;
  readonly state: FileState;
  /** null: nobody asked whose it is. */
  readonly entry: Entry | null;
}

/** What makes one file as it should be. */
export function fileChanges(
  wanted: Wanted,
  copied: Copied,
): { readonly changes: readonly Change[]; readonly backupFile: string | null } | Refusal {
  const { path, state, entry } = copied;
  if (entry?.type === 'link') {
    return refuse(`${path} is a symbolic link`, 'with "owner" or "group", name what it leads to');
  }
  const attributes = attributesOf(wanted, copied);
  const isOwned = attributes.owner !== undefined || attributes.group !== undefined;
  // nobody else reads it before it is whose it should be
  const first = isOwned && state.type === 'absent' ? 0o600 : attributes.mode;
  const isKept = wanted.force === false && state.type === 'file';
  const writes = isKept ? [] : contentChanges(wanted, copied, first);
  const isNew = writes.length > 0 && !hasBytes(wanted, copied);
  const checked = isNew && wanted.validate !== undefined ? bytesOf(wanted, copied) : null;
  if (isNew && wanted.validate !== undefined && (checked === null || !canValidate(checked))) {
    return refuse(`${path}: only a text of at most 256 KiB can be validated`);
  }
  const name = wanted.backup === true && isNew ? backupName(path, state) : null;
  const after = writes.reduce(
    (before: Entry, one) =>
      isOfEntry(one)
        ? (entryAfter({ path, isFollowed: false }, before, one) ?? before)
        : madeEntry('file', before, first === undefined ? {} : { mode: first }),
    entry ?? { type: 'absent' },
  );
  const all = state.type === 'absent' ? { mode: 0o644, ...attributes } : attributes;
  return {
    backupFile: name,
    changes: [
      ...(checked === null ? [] : [validation(path, checked, wanted)]),
      ...(name === null ? [] : [backup(path, name)]),
      ...writes,
      ...(isOwned && !isKept
        ? own(path, all, after, { isNew: state.type === 'absent', effect: 'boot' })
        : []),
    ],
  };
}

/** A directory is made, if there is none. */
export function directoryChange(
  { owner, group }: Wanted,
  path: string,
  state: FileState,
  modeText: string | undefined,
  entry: Entry | null,
): readonly Change[] {
  const mode = modeText === undefined ? 0o755 : modeAfter(modeText, 0o755, true);
  if (state.type === 'directory') return [];
  if (entry === null) return change.makeDirectory(path, state, mode);
  return ownDirectory(
    path,
    { file: state, entry },
    { effect: 'boot', mode, ...ownersOf({ owner, group }) },
  );
}

function contentChanges(
  wanted: Wanted,
  { path, file, remote, state }: Copied,
  mode: number | undefined,
): readonly Change[] {
  const options = { effect: 'boot', ...(mode === undefined ? {} : { mode }) } as const;
  if (remote !== null) return fromHost(wanted, { path, remote, state }, mode);
  if (file === null) {
    const { content = '', isSecret = false } = wanted;
    return change.writeFile(path, asBytes(content), state, { ...options, isSecret });
  }
  return file.content === null
    ? change.sendFile(path, sourceOf(file, state), state, options)
    : change.writeFile(path, file.content, state, options);
}

/** A small file of the host is written; a large one is copied there. */
function fromHost(
  { remote: source }: Wanted,
  {
    path,
    remote,
    state,
  }: { readonly path: string; readonly remote: FileState; readonly state: FileState },
  mode: number | undefined,
): readonly Change[] {
  const options = { effect: 'boot', ...(mode === undefined ? {} : { mode }) } as const;
  if (remote.type !== 'file' || source === undefined) return [];
  if (remote.content !== null) return change.writeFile(path, remote.content, state, options);
  const old = state.type === 'file' ? state : { mode: 0o644, uid: 0, gid: 0 };
  const bits = mode ?? old.mode;
  const isSame =
    state.type === 'file' &&
    state.content === null &&
    state.size === remote.size &&
    areSame(state.sums, remote.sums);
  if (isSame && state.mode === bits) return [];
  const { uid, gid } = old;
  const answer: FileState = { ...remote, mode: bits, uid, gid };
  const words = [source, path, bits.toString(8), state.type === 'file' ? `${uid}:${gid}` : ''];
  return [
    change.call(['/bin/sh', '-c', copyScript, 'copy', ...words], {
      ...{ effect: 'boot', subject: path, timeoutSeconds: 3600 },
      before: state.type === 'file' ? `${state.size} bytes` : state.type,
      after: `${remote.size} bytes of ${source}, mode ${bits.toString(8)}`,
      predicts: [{ query: query.file(path), before: state, answer }],
      touches: [path],
    }),
  ];
}

const copyScript = `umask 077
path=$2
[ ! -L "$path" ] || path=$(readlink -f -- "$path") || exit
room=$(dirname -- "$path")/.xpush-copy-$$
mkdir -m 700 -- "$room" || exit
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
cat -- "$1" >"$room/new" || exit
[ -z "$4" ] || chown "$4" "$room/new" || exit
chmod "$3" "$room/new" || exit
sync "$room/new" 2>/dev/null
mv -f -- "$room/new" "$path"`;

function attributesOf(wanted: Wanted, { file, state }: Copied): Attributes {
  const { mode } = wanted;
  const bits =
    mode === 'preserve'
      ? file?.mode
      : mode === undefined
        ? undefined
        : modeAfter(mode, state.type === 'file' ? state.mode : 0o644, false);
  return { ...(bits === undefined ? {} : { mode: bits }), ...ownersOf(wanted) };
}

function ownersOf({ owner, group }: Pick<Wanted, 'owner' | 'group'>): Attributes {
  return {
    ...(owner === undefined ? {} : { owner: principalOf(owner) }),
    ...(group === undefined ? {} : { group: principalOf(group) }),
  };
}

/** null: they are not known here. */
function bytesOf({ content }: Wanted, { file, remote }: Copied): string | null {
  if (remote !== null) return remote.type === 'file' ? remote.content : null;
  return file === null ? asBytes(content ?? '') : file.content;
}

/** Whether the file has the content: only its mode differs. */
function hasBytes(wanted: Wanted, copied: Copied): boolean {
  const { state } = copied;
  const bytes = bytesOf(wanted, copied);
  return bytes !== null && state.type === 'file' && areSame(sumsOf(state), sums(bytes));
}

function sumsOf(state: Extract<FileState, { readonly type: 'file' }>): string {
  return state.content === null ? state.sums : sums(state.content);
}

function sourceOf(file: ControllerFile, state: FileState): SourceFile {
  const { path, size, allSums, makeSums } = file;
  const isCrc = state.type === 'file' && state.content === null && isWithoutSha256(state.sums);
  if (isCrc && state.size === size) return { path, size, sums: allSums() };
  return {
    ...{ path, size, makeSums },
    get sums() {
      return file.sums;
    },
  };
}
