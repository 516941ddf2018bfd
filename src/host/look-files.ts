import { byBytes, parseFiles } from './file-state.ts';
import { splitHeaded } from './headed.ts';
import type { LookPart, Section, Sections } from './look-part.ts';
import { checkedPath, checkedSuffix, isHostPath, parameterPath, trimmedPath } from './names.ts';
import { type DirectoryState, directoryLimit, type FileState, type QueryOf } from './query.ts';
import { quoteAll } from './quote.ts';

/** Files, and those of directories, with their contents. */
export const lookFiles: LookPart = {
  runtime: ['look-files.sh'],
  lines: (asked) => {
    const paths = asked('file').map(({ path }) => checkedPath(path));
    const directories = asked('directory');
    if (directories.length > 0) {
      const pairs = directories.flatMap((one) => [
        trimmedPath(one.path),
        checkedSuffix(one.suffix),
      ]);
      return [`xp_directories ${directories.length} ${quoteAll([...pairs, ...paths])}`];
    }
    return paths.length === 0 ? [] : [`xp_files ${quoteAll(paths)}`];
  },
  read: (asked, sections) => {
    const directories = asked('directory');
    if (directories.length + asked('file').length === 0) return [];
    const listings = parseNames(directories, sections.get('names'));
    if (listings === null) return null;
    const asBytes = (path: string) => Buffer.from(path).toString('latin1');
    const paths = asked('file').map(({ path }) => asBytes(path));
    const parameters = asked('parameter').map(({ name }) => parameterPath(name));
    const all = [...paths, ...listings.flatMap(({ paths }) => paths)];
    const states = statesOf(all, parameters, sections);
    if (states === null) return null;
    let offset = paths.length;
    return [
      ...asked('file').map((one, index) => [one, { answer: states[index] ?? absent }] as const),
      ...directories.map((one, index) => {
        const listing = listings[index] ?? nothing;
        const start = offset;
        offset += listing.paths.length;
        const answer = directoryOf(listing, states.slice(start, offset));
        return [one, answer === null ? { failure: unreadable(one.path) } : { answer }] as const;
      }),
    ];
  },
};

const absent: FileState = { type: 'absent' };
const unreadable = (path: string) => `${path} can't be read by this login`;

interface Names {
  readonly type: string;
  /** Bytes as latin1 text. */
  readonly paths: readonly string[];
  readonly isCut: boolean;
}

const nothing: Names = { type: 'absent', paths: [], isCut: false };

function statesOf(
  paths: readonly string[],
  parameters: readonly string[],
  sections: Sections,
): readonly FileState[] | null {
  const body = (id: string) => sections.get(id)?.body ?? '';
  const isHeaded = sections.has('headed');
  return parseFiles(paths, {
    types: body('files'),
    contents: isHeaded ? splitHeaded(body('headed'), parameters).rest : body('contents'),
    isHeaded,
    sumLines: body('sums'),
  });
}

/** What `xp_directories` prints of each; null when it is not what was asked. */
function parseNames(
  asked: readonly QueryOf<'directory'>[],
  section: Section | undefined,
): readonly Names[] | null {
  const lines = (section?.body ?? '').split('\n');
  const listings: Names[] = [];
  for (const { path, suffix } of asked) {
    const end = lines.indexOf('');
    const [type, ...rest] = lines.splice(0, end + 1);
    const isCut = rest.at(-2) === 'more';
    const paths = rest.slice(0, isCut ? -2 : -1);
    const start = Buffer.from(`${trimmedPath(path)}/`).toString('latin1');
    const isOurs = (name: string) =>
      name.startsWith(start) &&
      /^[^./][^/]*$/.test(name.slice(start.length)) &&
      name.endsWith(Buffer.from(suffix).toString('latin1'));
    if (end < 1 || type === undefined || paths.length > directoryLimit) return null;
    if (!paths.every(isOurs)) return null;
    listings.push({ type, paths, isCut });
  }
  return listings;
}

/** null: it can't be read. A name that is no UTF-8 is left out: nothing can name it. */
function directoryOf(
  { type, paths, isCut }: Names,
  states: readonly FileState[],
): DirectoryState | null {
  if (type === 'unreadable') return null;
  const files = paths.flatMap((bytes, index): [string, FileState][] => {
    const buffer = Buffer.from(bytes, 'latin1');
    const path = buffer.toString('utf8');
    const state = states[index];
    const isName = isHostPath(path) && Buffer.from(path).equals(buffer);
    return isName && state !== undefined && state.type !== 'absent' ? [[path, state]] : [];
  });
  files.sort(([a], [b]) => byBytes(a, b));
  return { exists: type === 'directory', files: new Map(files), isCut };
}
