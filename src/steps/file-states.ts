import { type Change, change } from '../host/change.ts';
import { ownDirectory, writeOwned } from '../host/owned-file.ts';
import {
  type Entry,
  type FileState,
  type FoundEntry,
  query,
  type TreeState,
} from '../host/query.ts';
import { modeWord } from './file-mode.ts';
import { chownWord, type Ownership, wantedOf } from './ownership.ts';
import { type Refusal, refuse } from './step.ts';

/** What is at a path. */
export interface Seen {
  readonly path: string;
  /** The thing itself. */
  readonly entry: Entry;
  /** What it leads to, where it is a symbolic link. */
  readonly target: Entry;
  readonly content: FileState;
  /** All below it; null: nobody asked. */
  readonly tree: TreeState | null;
  /** What a link is to lead to; null: nobody asked. */
  readonly source: Entry | null;
}

interface Wanted extends Ownership {
  readonly recurse?: boolean | undefined;
  readonly force?: boolean | undefined;
  readonly follow?: boolean | undefined;
}

type Decision = readonly Change[] | Refusal;

/** It goes, with all below it. */
export function absence({ path, entry, content, tree }: Seen): Decision {
  if (entry.type === 'absent') return [];
  if (entry.type === 'directory') {
    if (tree === null || tree.type !== 'directory') return refuse(`${path} can't be listed`);
    if (tree.isCut) return refuse(`${path} has too many files to be removed`);
    return change.removeTree(path, tree, 'boot');
  }
  if (entry.type === 'file') return change.removeFile(path, content, 'boot');
  return [
    change.call(['rm', '-f', '--', path], {
      ...{ effect: 'boot', subject: path, before: wordsOf(entry), after: 'absent' },
      ...{ predicts: [{ query: query.entry(path), before: entry, answer: { type: 'absent' } }] },
      isBrief: true,
      touches: [path],
    }),
  ];
}

/** It has this mode and these owners. */
export function attributes(wanted: Wanted, { path, entry, target }: Seen): Decision {
  const isLink = entry.type === 'link';
  if (isLink && wanted.follow !== false) {
    const differs = change.setAttributes(path, wantedOf(wanted, target), target, 'boot');
    if (differs.length === 0) return [];
    return refuse(
      `${path} is a symbolic link, to ${entry.target}`,
      'name what it leads to; with follow: false the link itself gets the owner',
    );
  }
  return change.setAttributes(path, wantedOf(wanted, entry), entry, 'boot');
}

/** A directory, and those above it that are missing; where asked, all below is as it is. */
export function directoryChanges(wanted: Wanted, seen: Seen): Decision {
  const { path, entry, target, tree } = seen;
  if (target.type === 'absent' && entry.type === 'link') {
    return refuse(`${path} is a symbolic link that leads nowhere`, 'remove it first');
  }
  if (target.type === 'absent') {
    const attributes = wantedOf(wanted, madeDirectory);
    return ownDirectory(
      path,
      { file: { type: 'absent' }, entry },
      { effect: 'boot', ...attributes },
    );
  }
  if (target.type !== 'directory') return refuse(`${path} is in the way: it is no directory`);
  const own = attributes(wanted, seen);
  if ('refusal' in own || wanted.recurse !== true || tree === null) return own;
  if (tree.type !== 'directory') return refuse(`${path} can't be listed`);
  if (tree.isCut) return refuse(`${path} has too many files for "recurse"`);
  const below = [...tree.entries].filter(([one]) => one !== path);
  const all = below.flatMap(([one, found]) =>
    change.setAttributes(one, wantedOf(wanted, found), found, 'boot'),
  );
  return all.length <= mostApart ? [...own, ...all] : atOnce(wanted, path, all.length);
}

/** More of them are changed by one command. */
const mostApart = 100;

function atOnce(wanted: Wanted, path: string, count: number): readonly Change[] {
  const line =
    '[ -z "$2" ] || chown -hR -- "$2" "$1" || exit; [ -z "$3" ] || chmod -R -- "$3" "$1"';
  // five digits take set-id bits from directories, too
  const mode = wanted.mode?.replace(/^[0-7]+$/, '00$&') ?? '';
  const words = [path, chownWord(wanted), mode];
  return [
    change.call(['/bin/sh', '-c', line, 'file', ...words], {
      ...{ effect: 'boot', subject: path, before: `${count} others below it` },
      after: `all below it ${chownWord(wanted)} ${wanted.mode ?? ''}`.trim(),
      ...{ predicts: [], touches: [path], timeoutSeconds: 600 },
    }),
  ];
}

/** A file that is there, or an empty one. */
export function touched(wanted: Wanted, seen: Seen): Decision {
  const { path, entry, target } = seen;
  if (target.type !== 'absent') return attributes(wanted, seen);
  if (entry.type === 'link') return refuse(`${path} is a symbolic link that leads nowhere`);
  const file = { type: 'absent' } as const;
  return writeOwned(path, '', { file, entry }, { effect: 'boot', ...wantedOf(wanted, entry) });
}

/** A symbolic link; of what it leads to, nothing changes. */
export function linkChanges(
  target: string,
  wanted: Wanted,
  { path, entry, source }: Seen,
): Decision {
  const { force = false } = wanted;
  if (source?.type === 'absent' && !force) {
    return refuse(
      `there is no ${target} that the link could lead to`,
      'force: true makes it all the same',
    );
  }
  if (entry.type === 'directory' || entry.type === 'other') {
    return refuse(`${path} is in the way: it is ${wordsOf(entry)}`);
  }
  if (entry.type === 'file' && !force) {
    return refuse(`${path} is a file`, 'force: true puts the link in its place');
  }
  const made = change.makeLink(path, target, entry, 'boot');
  const { owner, group } = wanted;
  const before = made.length === 0 ? entry : { ...madeFile, type: 'link' as const, mode: 0o777 };
  return [
    ...made,
    ...change.setAttributes(path, wantedOf({ owner, group }, before), before, 'boot'),
  ];
}

/** Another name of a file. */
export function hardLink(src: string, wanted: Wanted, { path, entry, source }: Seen): Decision {
  if (source === null || source.type !== 'file') return refuse(`${src} is no file`);
  if (entry.type === 'directory' || entry.type === 'other') {
    return refuse(`${path} is in the way: it is ${wordsOf(entry)}`);
  }
  const isSame =
    entry.type === 'file' &&
    (entry.links ?? 0) > 1 &&
    entry.inode !== null &&
    entry.inode === source.inode;
  if (isSame) return change.setAttributes(path, wantedOf(wanted, entry), entry, 'boot');
  if (entry.type !== 'absent' && wanted.force !== true) {
    return refuse(`${path} is there, and another file`, 'force: true puts the link in its place');
  }
  const linked = { ...source, links: (source.links ?? 1) + 1 };
  const line =
    'd=$(dirname -- "$1")/.xpush-link-$$; mkdir -m 700 "$d" || exit; ln "$2" "$d/new" && mv -f "$d/new" "$1"; s=$?; rm -rf "$d"; exit $s';
  return [
    change.call(['/bin/sh', '-c', line, 'link', path, src], {
      ...{ effect: 'boot', subject: path, before: wordsOf(entry), after: `the file ${src}` },
      ...{ predicts: [{ query: query.entry(path), before: entry, answer: linked }] },
      isBrief: true,
      touches: [path],
    }),
  ];
}

const madeFile: FoundEntry = {
  ...{ type: 'file', mode: 0o644, uid: null, gid: null, owner: null, group: null },
  ...{ size: 0, mtimeSeconds: null, links: 1, inode: null, target: null },
};

const madeDirectory: FoundEntry = { ...madeFile, type: 'directory', mode: 0o755 };

function wordsOf(entry: Entry): string {
  switch (entry.type) {
    case 'absent':
      return 'absent';
    case 'link':
      return `a link to ${entry.target}`;
    case 'other':
      return 'a device, a socket or a pipe';
    default:
      return `a ${entry.type}, ${modeWord(entry.mode)}`;
  }
}
