import type { FoundEntry } from '../host/query.ts';
import type { Data } from '../source/data.ts';
import { modeWord } from './file-mode.ts';

const permissions = [
  ['rusr', 0o400],
  ['wusr', 0o200],
  ['xusr', 0o100],
  ['rgrp', 0o040],
  ['wgrp', 0o020],
  ['xgrp', 0o010],
  ['roth', 0o004],
  ['woth', 0o002],
  ['xoth', 0o001],
  ['isuid', 0o4000],
  ['isgid', 0o2000],
] as const;

/** What is at a path, under the names that Ansible's `stat` has; null: the host does not tell. */
export function entryData(path: string, entry: FoundEntry): Readonly<Record<string, Data>> {
  const { type, mode, uid, gid, owner, group, size, mtimeSeconds, links, inode, target } = entry;
  const bits = permissions.map(([name, bit]) => [name, (mode & bit) !== 0] as const);
  return {
    path,
    mode: modeWord(mode),
    isdir: type === 'directory',
    isreg: type === 'file',
    islnk: type === 'link',
    ...{ uid, gid, pw_name: owner, gr_name: group, size },
    ...{ mtime: mtimeSeconds, nlink: links, inode },
    ...Object.fromEntries(bits),
    ...(target === null ? {} : { lnk_target: target }),
  };
}
