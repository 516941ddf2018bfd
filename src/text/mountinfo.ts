import { trimmed, unescaped } from './fstab-edit.ts';

/** What is mounted somewhere (proc(5), /proc/PID/mountinfo). */
export interface Mounted {
  readonly source: string;
  readonly type: string;
  /** Of the mount and of its file system. */
  readonly options: readonly string[];
}

/** What is mounted at a path, the uppermost of several; null: nothing. */
export function mountedAt(mountinfo: string, path: string): Mounted | null {
  const found = mountinfo.split('\n').findLast((line) => pointOf(line) === trimmed(path));
  if (found === undefined) return null;
  const [, , , , , own = ''] = found.split(' ');
  const [type = '', source = '', all = ''] = found.replace(/^.*? - /, '').split(' ');
  return { type, source: unescaped(source), options: [...own.split(','), ...all.split(',')] };
}

/** The text with something mounted at a path; null: with what is uppermost there gone. */
export function withMount(mountinfo: string, path: string, mounted: Mounted | null): string {
  const lines = mountinfo.split('\n').filter((line) => line !== '');
  if (mounted === null) {
    const last = lines.findLastIndex((line) => pointOf(line) === trimmed(path));
    return ended(lines.filter((_, at) => at !== last));
  }
  const { source, type, options } = mounted;
  const word = (text: string) => text.replace(/[ \t\n\\]/g, escapedSign);
  const line = `0 0 0:0 / ${word(trimmed(path))} ${options.join(',')} - ${type} ${word(source)} rw`;
  return ended([...lines, line]);
}

function escapedSign(sign: string): string {
  return `\\${sign.charCodeAt(0).toString(8).padStart(3, '0')}`;
}

function ended(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

function pointOf(line: string): string | null {
  const point = line.split(' ')[4];
  return point === undefined ? null : unescaped(point);
}
