import type { FileState, RegularFile } from '../host/query.ts';
import { editable } from './editable.ts';
import { type Refusal, refuse } from './step.ts';

/** A line of passwd(5). */
export interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly comment: string;
  readonly home: string;
  readonly shell: string;
}

/** A line of group(5). */
export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

export const passwdPath = '/etc/passwd';
export const groupPath = '/etc/group';

/** The lines of a file of accounts that can be edited; what is no entry stays. */
export function accountLines(path: string, file: FileState): { readonly lines: Lines } | Refusal {
  const found = editable(path, file);
  if ('refusal' in found) return found;
  if (found.text === null || file.type !== 'file') return refuse(`there is no ${path}`);
  const lines = found.text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return { lines };
}

type Lines = readonly string[];

/** Entries of passwd(5); what is none is left out. */
export function passwdEntries(lines: Lines): readonly PasswdEntry[] {
  return lines.flatMap((line) => {
    const [name = '', , uid = '', gid = '', comment = '', home = '', shell = ''] = line.split(':');
    return isNumber(uid) && isNumber(gid)
      ? [{ name, uid: Number(uid), gid: Number(gid), comment, home, shell }]
      : [];
  });
}

/** Entries of group(5); what is none is left out. */
export function groupEntries(lines: Lines): readonly GroupEntry[] {
  return lines.flatMap((line) => {
    const [name = '', , gid = '', members = ''] = line.split(':');
    return isNumber(gid)
      ? [{ name, gid: Number(gid), members: members.split(',').filter((one) => one !== '') }]
      : [];
  });
}

function isNumber(text: string): boolean {
  return /^\d{1,10}$/.test(text);
}

/** The line of a name with these fields in place of its own, by number; a name without a line gets none. */
export function withFields(
  lines: Lines,
  name: string,
  fields: Readonly<Record<number, string>>,
): Lines {
  return lines.map((line) => {
    const parts = line.split(':');
    return parts[0] === name ? parts.map((part, place) => fields[place] ?? part).join(':') : line;
  });
}

/** Without the line of a name. */
export function withoutName(lines: Lines, name: string): Lines {
  return lines.filter((line) => line.split(':')[0] !== name);
}

/** Groups with a user as a member of these, and of no others. */
export function withMemberships(lines: Lines, user: string, groups: ReadonlySet<string>): Lines {
  return groupEntries(lines).reduce((before: Lines, { name, members }) => {
    if (members.includes(user) === groups.has(name)) return before;
    const others = members.filter((one) => one !== user);
    const all = groups.has(name) ? [...others, user] : others;
    return withFields(before, name, { 3: all.join(',') });
  }, lines);
}

/** The file once it has these lines. */
export function fileWith(file: RegularFile, lines: Lines): FileState {
  const content = lines.map((line) => `${line}\n`).join('');
  const { type, mode, uid, gid } = file;
  return { type, mode, uid, gid, size: content.length, content };
}

/** Numbers that new accounts get, from login.defs(5). */
export interface AccountRanges {
  readonly min: number;
  readonly max: number;
  readonly systemMin: number;
  readonly systemMax: number;
}

/** `kind`: of users or of groups. */
export function accountRanges(loginDefs: FileState, kind: 'UID' | 'GID'): AccountRanges {
  const of = (name: string, fallback: number) =>
    Number(settingIn(loginDefs, `${name}\\s+`, '\\d{1,9}') ?? fallback);
  return {
    min: of(`${kind}_MIN`, 1000),
    max: of(`${kind}_MAX`, 60_000),
    systemMin: of(`SYS_${kind}_MIN`, 100),
    systemMax: of(`SYS_${kind}_MAX`, 999),
  };
}

/** A value in a file of settings, one a line; null: it has none of that name. */
export function settingIn(file: FileState, nameAndSign: string, value = '\\S+'): string | null {
  if (file.type !== 'file' || file.content === null) return null;
  return new RegExp(`^\\s*${nameAndSign}(${value})\\s*$`, 'm').exec(file.content)?.[1] ?? null;
}

/** A free number, as useradd(8) and groupadd(8) choose it: next to those in use; null: there is none. */
export function freeNumber(
  used: ReadonlySet<number>,
  { min, max, systemMin, systemMax }: AccountRanges,
  isSystem: boolean,
): number | null {
  const [first, last] = isSystem ? [systemMax, systemMin] : [min, max];
  const inRange = [...used].filter((one) =>
    isSystem ? one >= systemMin && one <= systemMax : one >= min && one <= max,
  );
  const next = isSystem ? Math.min(first + 1, ...inRange) - 1 : Math.max(first - 1, ...inRange) + 1;
  if (isSystem ? next >= last : next <= last) return next;
  for (let one = first; isSystem ? one >= last : one <= last; one += isSystem ? -1 : 1) {
    if (!used.has(one)) return one;
  }
  return null;
}
