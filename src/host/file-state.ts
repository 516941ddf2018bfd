import { cksum } from './cksum.ts';
import { contentLimit, type FileState } from './query.ts';

/**
 * The states of the files at `paths` from the sections `files` and `contents` of a look program;
 * null when the answer does not hold together (a file changed while it was read).
 */
export function parseFiles(
  paths: readonly string[],
  files: string,
  contents: string,
): Map<string, FileState> | null {
  const lines = files.split('\n');
  const types = lines.slice(0, paths.length);
  const details = lines.slice(paths.length).filter((line) => line !== '');
  const states = new Map<string, FileState>();
  let offset = 0;
  for (const [index, path] of paths.entries()) {
    const type = types[index];
    if (type === 'absent' || type === 'directory' || type === 'special' || type === 'unreadable') {
      states.set(path, { type });
      continue;
    }
    const detail = type === 'file' ? findDetail(details, path) : null;
    if (detail === null) return null;
    const length = Math.min(detail.size, contentLimit);
    const content = contents.slice(offset, offset + length);
    offset += length;
    states.set(path, {
      type: 'file',
      ...detail,
      content: detail.size > contentLimit ? null : content,
    });
  }
  return offset === contents.length ? states : null;
}

/** What `xp_file_state` (runtime/act.sh) prints of a file in this state. */
export function fileFingerprint(state: FileState): string {
  if (state.type !== 'file') return state.type;
  if (state.content === null) throw new Error('a file too large to be read has no fingerprint');
  return `${modeText(state.mode)} ${state.uid} ${state.gid} ${cksum(state.content)}`;
}

interface Detail {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
}

/** The line of `ls -ldnL` (POSIX XCU, ls) that ends in this path. */
function findDetail(details: readonly string[], path: string): Detail | null {
  for (const line of details) {
    if (!line.endsWith(` ${path}`)) continue;
    const match = /^-([rwxsStT-]{9})[+.@]?\s+\d+\s+(\d+)\s+(\d+)\s+(\d+)\s/.exec(line);
    if (match?.[1] === undefined) continue;
    return {
      mode: modeBits(match[1]),
      uid: Number(match[2]),
      gid: Number(match[3]),
      size: Number(match[4]),
    };
  }
  return null;
}

const special = [0o4000, 0o2000, 0o1000];

function modeBits(text: string): number {
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
  const letters = Array.from({ length: 9 }, (_, index) => {
    const isSet = (mode & (0o400 >> index)) !== 0;
    if (index % 3 !== 2) return isSet ? 'rw'[index % 3] : '-';
    const isSpecial = (mode & (special[Math.floor(index / 3)] ?? 0)) !== 0;
    if (!isSpecial) return isSet ? 'x' : '-';
    const letter = index === 8 ? 't' : 's';
    return isSet ? letter : letter.toUpperCase();
  });
  return `-${letters.join('')}`;
}
