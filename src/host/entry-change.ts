import type { Entry, FoundEntry, TreeState } from './answers.ts';

/** When a change takes effect: now, at the next boot, or both. */
export type Effect = 'live' | 'boot' | 'both';

/** A symbolic link; takes the place of a file or another link, in one step where `mv` knows -T. */
export interface MakeLink {
  readonly kind: 'link';
  readonly effect: Effect;
  readonly path: string;
  readonly target: string;
  readonly before: Entry;
}

/** A user or group: a name that the host has, or a number; `id` where it is known. */
export interface Principal {
  readonly name: string;
  readonly id: number | null;
}

/** Whose something is, and who may do what with it; null: as it is. Links are not followed. */
export interface SetAttributes {
  readonly kind: 'attributes';
  readonly effect: Effect;
  readonly path: string;
  readonly mode: number | null;
  readonly owner: Principal | null;
  readonly group: Principal | null;
  readonly before: FoundEntry;
}

/** A directory goes, with all below it. Refused where something is mounted on it or below. */
export interface RemoveTree {
  readonly kind: 'tree';
  readonly effect: Effect;
  readonly path: string;
  readonly before: TreeState;
}

/** The link is made; nothing when it is there. Throws where a directory or a device is in the way. */
export function makeLink(
  path: string,
  target: string,
  before: Entry,
  effect: Effect,
): readonly MakeLink[] {
  if (before.type === 'directory' || before.type === 'other') {
    throw new Error(`${path} is in the way of a link`);
  }
  if (before.type === 'link' && before.target === target) return [];
  return [{ kind: 'link', effect, path, target, before }];
}

/** What is wanted of an entry; what is left out stays as it is. */
export interface Attributes {
  readonly mode?: number;
  readonly owner?: Principal;
  readonly group?: Principal;
}

/** They are set; nothing when they are so. A symbolic link has no mode: that is left alone. */
export function setAttributes(
  path: string,
  { mode, owner, group }: Attributes,
  before: Entry,
  effect: Effect,
): readonly SetAttributes[] {
  if (before.type === 'absent') return [];
  const newMode =
    mode === undefined || before.type === 'link' || mode === before.mode ? null : mode;
  const newOwner = isSame(owner, before.owner, before.uid) ? null : (owner ?? null);
  const newGroup = isSame(group, before.group, before.gid) ? null : (group ?? null);
  if (newMode === null && newOwner === null && newGroup === null) return [];
  return [
    {
      ...{ kind: 'attributes', effect, path, before, owner: newOwner, group: newGroup },
      // chown(2) takes setuid and setgid away
      mode: newMode ?? (before.type === 'file' && before.mode > 0o777 ? before.mode : null),
    },
  ];
}

function isSame(wanted: Principal | undefined, name: string | null, id: number | null): boolean {
  if (wanted === undefined || wanted.name === name) return true;
  return id !== null && (wanted.id === id || wanted.name === `${id}`);
}

/** All of it goes; nothing when nothing is there. Throws for what is no directory, or too large to be known. */
export function removeTree(path: string, before: TreeState, effect: Effect): readonly RemoveTree[] {
  if (before.type === 'absent') return [];
  if (before.type !== 'directory') throw new Error(`${path} is no directory`);
  if (before.isCut) throw new Error(`${path} has too many files to be removed`);
  if (/^\/*$/.test(path)) throw new Error('that is everything');
  return [{ kind: 'tree', effect, path, before }];
}
