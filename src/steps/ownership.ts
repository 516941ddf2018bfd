import * as v from 'valibot';
import type { Attributes, Principal } from '../host/change.ts';
import { isUser } from '../host/command-text.ts';
import type { Entry, FoundEntry } from '../host/query.ts';
import { described } from './described.ts';
import { fileMode, modeAfter } from './file-mode.ts';

const principal = v.pipe(
  v.union([v.string(), v.pipe(v.number(), v.transform(String))]),
  v.check(isUser, 'a name of the host, or a number'),
);

/** Parameters for whose a file is and who may use it. */
export const ownership = {
  mode: v.optional(
    described(
      fileMode,
      'Permissions, in octal (`"0644"`) or as chmod takes them (`u=rwX,go=rX`). Default: as they are.',
    ),
  ),
  owner: v.optional(
    described(principal, 'Whose it is: a user of the host, or a number. Default: as it is.'),
  ),
  group: v.optional(described(principal, 'Its group. Default: as it is.')),
} as const;

/** What those parameters say. */
export interface Ownership {
  readonly mode?: string | undefined;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
}

/** What is wanted of what is there (or, if nothing is, of what is made with these bits). */
export function wantedOf(
  { mode, owner, group }: Ownership,
  before: Entry,
  madeWith = 0o644,
): Attributes {
  const bits = before.type === 'absent' ? madeWith : before.mode;
  return {
    ...(mode === undefined ? {} : { mode: modeAfter(mode, bits, before.type === 'directory') }),
    ...(owner === undefined ? {} : { owner: principalOf(owner) }),
    ...(group === undefined ? {} : { group: principalOf(group) }),
  };
}

/** A user or group by name or number. */
export function principalOf(name: string): Principal {
  return { name, id: /^\d+$/.test(name) ? Number(name) : null };
}

/** An operand of chown(1); '': nothing is said. */
export function chownWord({ owner, group }: Ownership): string {
  return `${owner ?? ''}${group === undefined ? '' : `:${group}`}`;
}

/** What is at a path once it was made anew, or replaced; as root makes it where nothing else is said. */
export function madeEntry(
  type: FoundEntry['type'],
  before: Entry,
  { mode, owner, group }: Attributes,
): FoundEntry {
  const old = before.type === 'absent' ? { ...rootOwned, mode: 0o644 } : before;
  return {
    ...{ uid: old.uid, gid: old.gid, owner: old.owner, group: old.group },
    ...{ type, mode: mode ?? old.mode, size: null, mtimeSeconds: null },
    ...{ links: 1, inode: null, target: null },
    ...(owner === undefined ? {} : { owner: owner.name, uid: owner.id }),
    ...(group === undefined ? {} : { group: group.name, gid: group.id }),
  };
}

const rootOwned = { uid: 0, gid: 0, owner: 'root', group: 'root' } as const;
