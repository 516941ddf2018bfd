import { lstatSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Complaint } from './complaint.ts';
import { quoted } from './quoted.ts';

const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;

/**
 * Why a file is not to be trusted: somebody else owns it or a directory above it, or may write to it,
 * and so say what is done as root on every host (CVE-2018-10874, CVE-2018-10875). Null when nobody
 * may, or the file is not there. A group is no other when none but its owner, root and us is in it.
 */
export function distrustOf(path: string): Complaint | null {
  const stats = statOf(path);
  if (stats === null || stats.isFIFO() || stats.isCharacterDevice()) return null;
  return writersOf(stats, path, 'it') ?? distrustAbove(path);
}

/** The same of a directory in which every file is read: nobody else may add one. */
export function distrustOfDirectory(path: string): Complaint | null {
  const stats = statOf(path);
  return stats === null ? null : (writersOf(stats, path, 'it') ?? distrustAbove(path));
}

function distrustAbove(path: string): Complaint | null {
  const ways = new Set([resolve(path), realPath(path)]);
  const directories = new Set<string>();
  for (const way of ways) {
    for (let below = way; below !== dirname(below); below = dirname(below)) {
      const above = dirname(below);
      if (directories.has(above)) break;
      directories.add(above);
      const complaint = distrustOfStep(above, below);
      if (complaint !== null) return complaint;
    }
  }
  return null;
}

/** In a sticky directory everybody may add files, but nobody may replace another's. */
function distrustOfStep(directory: string, below: string): Complaint | null {
  const stats = statOf(directory);
  if (stats === null) return null;
  if ((stats.mode & STICKY) === 0 || !isOurs(stats.uid)) {
    return writersOf(stats, directory, `the directory ${quoted(directory)}`);
  }
  const owned = statOf(below, lstatSync); // who owns a link may lead it elsewhere
  return owned === null || isOurs(owned.uid) || writersOf(stats, directory, '') === null
    ? null
    : foreign(quoted(below), below);
}

/** Who owns it may give himself every right. */
function writersOf({ mode, uid, gid }: Stats, path: string, what: string): Complaint | null {
  if (!isOurs(uid)) return foreign(what, path);
  if (mode & OTHERS_WRITE) {
    return { message: `everybody may write to ${what}`, hint: `chmod o-w ${path}` };
  }
  return mode & GROUP_WRITES && !isPrivate(gid, uid)
    ? { message: `the group ${groupName(gid)} may write to ${what}`, hint: `chmod g-w ${path}` }
    : null;
}

function foreign(what: string, path: string): Complaint {
  return { message: `${what} belongs to another user`, hint: `chown ${me()} ${path}` };
}

/** Why a file that holds a key is not to be used: others may read it. */
export function exposureOf(path: string): Complaint | null {
  const stats = statOf(path);
  if (stats === null || !stats.isFile()) return null;
  const { mode, uid, gid } = stats;
  const isSeen = (mode & 0o004) !== 0 || ((mode & 0o040) !== 0 && !isPrivate(gid, uid));
  return isSeen ? { message: 'others may read it', hint: `chmod go= ${path}` } : null;
}

/** Nobody but the owner, root and us is in the group, as far as this machine knows. */
function isPrivate(gid: number, owner: number): boolean {
  const { groups, users } = accounts();
  const group = groups.find((one) => one.gid === gid);
  if (group === undefined) return false;
  const uids = [
    ...users.filter((user) => user.gid === gid).map(({ uid }) => uid),
    ...group.members.map((name) => users.find((user) => user.name === name)?.uid ?? -1),
  ];
  return uids.every((uid) => uid === owner || isOurs(uid));
}

/** Root, us, whoever became root by sudo, and whose this program is: he could change it as well. */
function isOurs(uid: number): boolean {
  const { SUDO_UID } = process.env;
  if (uid === 0 || uid === me() || (me() === 0 && String(uid) === SUDO_UID)) return true;
  programOwner ??= statOf(import.meta.filename)?.uid ?? 0;
  return uid === programOwner || isUnmapped(uid);
}

let programOwner: number | null = null;

/** user_namespaces(7): all owners from outside of ours, root among them, are this one. */
function isUnmapped(uid: number): boolean {
  const mapped = records('/proc/self/uid_map').map(([line = '']) =>
    line.trim().split(/ +/).map(Number),
  );
  const [overflow] = records('/proc/sys/fs/overflowuid').flat();
  return (
    String(uid) === overflow &&
    mapped.length > 0 &&
    !mapped.some(([first = 0, , count = 0]) => uid >= first && uid < first + count)
  );
}

function me(): number {
  return process.geteuid?.() ?? 0;
}

function groupName(gid: number): string {
  const group = accounts().groups.find((one) => one.gid === gid);
  return group === undefined ? String(gid) : quoted(group.name);
}

interface Accounts {
  readonly groups: readonly {
    readonly name: string;
    readonly gid: number;
    readonly members: readonly string[];
  }[];
  readonly users: readonly { readonly name: string; readonly uid: number; readonly gid: number }[];
}

let known: Accounts | null = null;

/** group(5) and passwd(5). */
function accounts(): Accounts {
  known ??= {
    groups: records('/etc/group').map(([name = '', , gid, members = '']) => ({
      name,
      gid: Number(gid),
      members: members.split(',').filter((member) => member !== ''),
    })),
    users: records('/etc/passwd').map(([name = '', , uid, gid]) => ({
      ...{ name, uid: Number(uid), gid: Number(gid) },
    })),
  };
  return known;
}

function records(file: string): readonly (readonly string[])[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => line.split(':'));
  } catch {
    return [];
  }
}

function statOf(path: string, look: (path: string) => Stats = statSync): Stats | null {
  try {
    return look(path);
  } catch {
    return null; // who reads it says why it can't be read
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
