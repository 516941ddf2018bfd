import { headerOf } from './headed.ts';
import { contentLimit, type FileState, type RegularFile } from './query.ts';
import { areSame, haveSums, sums, sumsInLine } from './sums.ts';

/** The sections of a look program that tell of files: bytes as latin1 text. */
interface FileSections {
  /** A word for each path, then the lines of `ls` for those that are files. */
  readonly types: string;
  /** The first `contentLimit` bytes of each file, one after the other. */
  readonly contents: string;
  /** Whether each is below its header (headed.ts). */
  readonly isHeaded?: boolean;
  /** Lines of `xp_sum_files`, if one of them is larger. */
  readonly sumLines: string;
}

/**
 * The states of the files at `paths` (bytes as latin1 text), in their order; null when the answer
 * does not hold together (a file changed while it was read).
 */
export function parseFiles(
  paths: readonly string[],
  { types, contents, isHeaded = false, sumLines }: FileSections,
): readonly FileState[] | null {
  const lines = types.split('\n');
  const filePaths = paths.filter((_, index) => lines[index] === 'file');
  const details = parseDetails(lines.slice(paths.length), filePaths);
  const states: FileState[] = [];
  const largeSums = sumLines.split('\n').map(sumsInLine);
  let fileCount = 0;
  let offset = 0;
  for (const [index, path] of paths.entries()) {
    const type = lines[index];
    if (type === 'absent' || type === 'directory' || type === 'special' || type === 'unreadable') {
      states.push({ type });
      continue;
    }
    const detail = details.get(path);
    if (detail === undefined) return null;
    const header = isHeaded ? headerOf(path) : '';
    if (!contents.startsWith(header, offset)) return null;
    offset += header.length;
    const length = Math.min(detail.size, contentLimit);
    const content = contents.slice(offset, offset + length);
    offset += length;
    if (detail.size <= contentLimit) {
      states.push({ type: 'file', ...detail, content });
    } else {
      const sums = largeSums[fileCount] ?? null;
      if (sums === null) return null;
      states.push({ type: 'file', ...detail, content: null, sums });
    }
    fileCount += 1;
  }
  return offset === contents.length ? states : null;
}

/** What `xp_file_state` (runtime/act.sh) recognises a file in this state by. */
export function fileFingerprint(state: FileState): string {
  if (state.type !== 'file') return state.type;
  const { mode, uid, gid, content } = state;
  return `${modeText(mode)} ${uid} ${gid} ${content === null ? state.sums : sums(content)}`;
}

/** The same once the file has this content; `mode` null: as it was. */
export function fingerprintAfter(
  before: FileState,
  mode: number | null,
  contentSums: string,
): string {
  // whose a new file will be, the host decides
  const old = before.type === 'file' ? before : { mode: 0o644, uid: '*', gid: '*' };
  return `${modeText(mode ?? old.mode)} ${old.uid} ${old.gid} ${contentSums}`;
}

/** Whether the file's bytes are these; a large one is known by its sums only. */
export function hasContent(file: RegularFile, content: string): boolean {
  if (file.content !== null) return file.content === content;
  return file.size === content.length && haveSums(content, file.sums);
}

/** Whether the file's bytes are those with this size and sums. */
export function hasSums(
  file: RegularFile,
  content: { readonly size: number; readonly sums: string },
): boolean {
  // first, as sums may have to be made
  if (file.size !== content.size) return false;
  return areSame(file.content === null ? file.sums : sums(file.content), content.sums);
}

interface Detail {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
}

/**
 * Lines of `ls -ldnL` (POSIX XCU, ls) by path. `ls` sorts its operands, and busybox prints `?` for
 * bytes that are not printable ASCII: names that look alike are told apart by their order.
 */
function parseDetails(lines: readonly string[], paths: readonly string[]): Map<string, Detail> {
  const alike = new Map<string, string[]>();
  for (const path of [...new Set(paths)].sort()) {
    const name = asPrinted(path);
    alike.set(name, [...(alike.get(name) ?? []), path]);
  }
  const details = new Map<string, Detail>();
  for (const line of lines) {
    const match = lineOfLs.exec(line);
    const path = alike.get(asPrinted(match?.[5] ?? ''))?.shift();
    if (match?.[1] === undefined || path === undefined) continue;
    details.set(path, {
      mode: modeOfLs(match[1]),
      uid: Number(match[2]),
      gid: Number(match[3]),
      size: Number(match[4]),
    });
  }
  return details;
}

const lineOfLs = /^-([rwxsStT-]{9})[+.@]?\s+\d+\s+(\d+)\s+(\d+)\s+(\d+)\s+\S+\s+\S+\s+\S+ (\/.*)$/s;

/** The order of `ls` and of globs in the C locale: of texts, by their UTF-8 bytes. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** A name as `ls` of busybox prints it. */
export function asPrinted(bytes: string): string {
  return bytes.replace(/[^\x20-\x7e]/g, '?');
}

const special = [0o4000, 0o2000, 0o1000];

/** What the nine letters of `ls -l` stand for. */
export function modeOfLs(text: string): number {
  let mode = 0;
  for (let index = 0; index < 9; index += 1) {
    const letter = text[index] ?? '-';
    if (letter !== '-' && letter !== 'S' && letter !== 'T') mode |= 0o400 >> index;
    if ('sStT'.includes(letter)) mode |= special[Math.floor(index / 3)] ?? 0;
  }
  return mode;
}

/** As `ls` writes a regular file's mode: `-rw-r--r--`. */
function modeText(mode: number): string {
  return `-${modeLetters(mode)}`;
}

/** As `ls` writes a mode: `rw-r--r--`. */
export function modeLetters(mode: number): string {
  const letters = Array.from({ length: 9 }, (_, index) => {
    const isSet = (mode & (0o400 >> index)) !== 0;
    if (index % 3 !== 2) return isSet ? 'rw'[index % 3] : '-';
    const isSpecial = (mode & (special[Math.floor(index / 3)] ?? 0)) !== 0;
    if (!isSpecial) return isSet ? 'x' : '-';
    const letter = index === 8 ? 't' : 's';
    return isSet ? letter : letter.toUpperCase();
  });
  return letters.join('');
}
