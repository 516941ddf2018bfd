import type { FoundEntry } from './answers.ts';
import { asPrinted, byBytes, modeOfLs } from './file-state.ts';
import { asText, type LookPart, type Observation, type Section } from './look-part.ts';
import { checkedPath, trimmedPath } from './names.ts';
import { type Entry, type QueryOf, treeLimit } from './query.ts';
import { quoteAll } from './quote.ts';

/** What is at paths, with what they have of owners and times. */
export const lookEntries: LookPart = {
  runtime: ['look-links.sh', 'look-entries.sh'],
  lines: (asked) => {
    const entries = asked('entry');
    return [
      ...[false, true].flatMap((isFollowed) => {
        const paths = pathsOf(entries, isFollowed);
        const words = [idOf(isFollowed), isFollowed ? '-L' : '', ...paths];
        return paths.length === 0 ? [] : [`xp_entries ${quoteAll(words)}`];
      }),
      ...asked('tree').map(
        ({ path }, index) =>
          `xp_section ${quoteAll([`tree.${index}`, 'xp_tree', trimmedPath(path) || '/'])}`,
      ),
    ];
  },
  read: (asked, sections) => [
    ...[false, true].flatMap((isFollowed) => {
      const own = asked('entry').filter((one) => one.isFollowed === isFollowed);
      const found = entriesOf(pathsOf(own, isFollowed), sections.get(idOf(isFollowed))?.body ?? '');
      return own.map((one, index) => [one, { answer: found[index] ?? absent }] as const);
    }),
    ...asked('tree').map(
      (one, index) => [one, treeOf(one, sections.get(`tree.${index}`))] as const,
    ),
  ],
};

const absent: Entry = { type: 'absent' };

const idOf = (isFollowed: boolean) => (isFollowed ? 'entries-l' : 'entries');

function pathsOf(entries: readonly QueryOf<'entry'>[], isFollowed: boolean): readonly string[] {
  return entries
    .filter((one) => one.isFollowed === isFollowed)
    .map(({ path }) => checkedPath(path));
}

/** Of the paths in their order, from lines of `stat` or `ls`, then numbers of links with what those say. */
function entriesOf(paths: readonly string[], body: string): readonly Entry[] {
  const lines = body.split('\n');
  const end = lines.indexOf('links');
  const found = new Map<string, FoundEntry>();
  for (const line of lines.slice(0, Math.max(0, end))) {
    const read = statLine(line) ?? lsLine(line, paths);
    if (read !== null) found.set(read.path, read.entry);
  }
  const targets = new Map(
    lines.slice(end + 1).flatMap((line): [number, string][] => {
      const [, number, target] = /^(\d{1,6}) (.+)$/s.exec(line) ?? [];
      return number === undefined || target === undefined ? [] : [[Number(number), asText(target)]];
    }),
  );
  return paths.map((path, index): Entry => {
    const entry = found.get(path);
    if (entry === undefined) return absent;
    return entry.type === 'link' ? { ...entry, target: targets.get(index + 1) ?? null } : entry;
  });
}

const lineOfStat =
  /^([\da-f]{1,8}):(\d{1,10}):(\d{1,10}):(\d{1,16}):(-?\d{1,15}):(\d{1,10}):(\d{1,20}):([^:]*):([^:]*):(\/.*)$/s;

function statLine(line: string): { readonly path: string; readonly entry: FoundEntry } | null {
  const match = lineOfStat.exec(line);
  if (match === null) return null;
  const [, hex = '', uid, gid, size, mtime, links, inode, owner = '', group = '', path = ''] =
    match;
  const bits = Number.parseInt(hex, 16);
  return {
    path: asText(path),
    entry: {
      ...{ type: typeOf(bits), mode: bits & 0o7777, uid: Number(uid), gid: Number(gid) },
      ...{ owner: nameOf(owner), group: nameOf(group), size: Number(size) },
      ...{ mtimeSeconds: Number(mtime), links: Number(links), inode: Number(inode), target: null },
    },
  };
}

/** stat(2), inode(7). */
function typeOf(bits: number): FoundEntry['type'] {
  switch (bits & 0o170000) {
    case 0o100000:
      return 'file';
    case 0o040000:
      return 'directory';
    case 0o120000:
      return 'link';
    default:
      return 'other';
  }
}

/** As stat(1) calls who is not in /etc/passwd. */
function nameOf(bytes: string): string | null {
  return bytes === '' || bytes === 'UNKNOWN' ? null : asText(bytes);
}

const lineOfLs =
  /^\s*(\d{1,20}) ([-dlbcps])([rwxsStT-]{9})[+.@]?\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+|\d+,\s*\d+)\s+\S+\s+\S+\s+\S+ (\/.*)$/s;

const typesOfLs: Readonly<Record<string, FoundEntry['type']>> = {
  '-': 'file',
  d: 'directory',
  l: 'link',
};

function lsLine(line: string, paths: readonly string[]) {
  const [, inode, letter = '', mode = '', links, uid, gid, size = '', said = ''] =
    lineOfLs.exec(line) ?? [];
  const type = typesOfLs[letter] ?? 'other';
  const path = paths.find((one) => {
    const name = asPrinted(Buffer.from(one).toString('latin1'));
    const text = asPrinted(said);
    return text === name || (type === 'link' && text.startsWith(`${name} -> `));
  });
  if (inode === undefined || path === undefined) return null;
  const entry: FoundEntry = {
    ...{ type, mode: modeOfLs(mode), uid: Number(uid), gid: Number(gid) },
    ...{ owner: null, group: null, size: size.includes(',') ? 0 : Number(size) },
    ...{ mtimeSeconds: null, links: Number(links), inode: Number(inode), target: null },
  };
  return { path, entry };
}

function treeOf({ path }: QueryOf<'tree'>, section: Section | undefined): Observation {
  if (section?.status === 3) return { answer: { ...noTree, type: 'absent' } };
  if (section?.status === 4) return { answer: { ...noTree, type: 'other' } };
  const top = trimmedPath(path) || '/';
  const below = top === '/' ? '/' : `${top}/`;
  const found = (section?.body ?? '').split('\n').flatMap((line): [string, FoundEntry][] => {
    const read = statLine(line);
    const isBelow = read !== null && (read.path === top || isPlainlyBelow(read.path, below));
    return isBelow ? [[read.path, read.entry]] : [];
  });
  if (found.length === 0) return { failure: `${path} can't be listed by this login` };
  const sorted = found.sort(([a], [b]) => byBytes(a, b));
  const entries = new Map(sorted.slice(0, treeLimit));
  return { answer: { type: 'directory', entries, isCut: found.length > treeLimit } };
}

/** Whether it is, without a way up in it. */
function isPlainlyBelow(path: string, directory: string): boolean {
  const names = path.slice(directory.length).split('/');
  return path.startsWith(directory) && !names.some((name) => ['', '.', '..'].includes(name));
}

const noTree = { entries: new Map<string, FoundEntry>(), isCut: false };
