import { linesOf, textOf, withInserted } from './lines.ts';

/** A line of fstab(5). */
export interface FstabEntry {
  readonly source: string;
  readonly path: string;
  readonly type: string;
  readonly options: string;
  readonly dump: number;
  readonly pass: number;
}

/** The entry of a mount point, the last of several; null: there is none. */
export function fstabEntry(text: string, path: string): FstabEntry | null {
  return (
    linesOf(text)
      .map((line) => entryOf(line.text))
      .findLast((entry) => entry !== null && isSame(entry, path)) ?? null
  );
}

/** The text with this entry for its mount point; all other lines stay byte for byte. */
export function withEntry(text: string, wanted: FstabEntry): string {
  const lines = linesOf(text);
  const places = lines.flatMap((line, at) => {
    const entry = entryOf(line.text);
    return entry !== null && isSame(entry, wanted.path) ? [{ at, entry }] : [];
  });
  const last = places.at(-1);
  if (last === undefined) return textOf(withInserted(lines, lines.length, [written(wanted)]));
  return textOf(
    lines.flatMap((line, at) => {
      if (at === last.at)
        return [says(last.entry, wanted) ? line : { ...line, text: written(wanted) }];
      return places.some((place) => place.at === at) ? [] : [line];
    }),
  );
}

/** The text without entries for a mount point. */
export function withoutEntry(text: string, path: string): string {
  const lines = linesOf(text).filter((line) => {
    const entry = entryOf(line.text);
    return entry === null || !isSame(entry, path);
  });
  return textOf(lines);
}

function isSame(entry: FstabEntry, path: string): boolean {
  return entry.type !== 'swap' && trimmed(entry.path) === trimmed(path);
}

function says(entry: FstabEntry, wanted: FstabEntry): boolean {
  return written(entry) === written({ ...wanted, path: entry.path });
}

/** A path without slashes at its end. */
export function trimmed(path: string): string {
  return path.replace(/\/+$/, '') || '/';
}

function entryOf(line: string): FstabEntry | null {
  if (/^\s*#/.test(line)) return null;
  const [source, path, type, options = 'defaults', dump = '0', pass = '0'] = line
    .trim()
    .split(/[ \t]+/)
    .map(unescaped);
  if (source === undefined || path === undefined || type === undefined) return null;
  return { source, path, type, options, dump: Number(dump), pass: Number(pass) };
}

function written({ source, path, type, options, dump, pass }: FstabEntry): string {
  const words = [source, path, type, options].map(escaped);
  return [...words, dump, pass].join(' ');
}

/** Blanks and backslashes, as getmntent(3) writes them. */
function escaped(word: string): string {
  return word.replace(
    /[ \t\n\\]/g,
    (sign) => `\\${sign.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
}

/** What getmntent(3) makes of a word. */
export function unescaped(word: string): string {
  return word.replace(/\\([0-3][0-7]{2})/g, (_, digits) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
