import type { Change } from './change.ts';
import type { SetAttributes } from './entry-change.ts';
import type { FileChange } from './files-after.ts';
import type { Observation } from './look-part.ts';
import type { Place } from './observations.ts';
import type { Answers, Entry, FileState, FoundEntry } from './query.ts';

type EntryChange = FileChange | Extract<Change, { kind: 'link' | 'attributes' | 'tree' }>;

/** Whether it changes what is at a path. */
export function isOfEntry(change: Change): change is EntryChange {
  switch (change.kind) {
    case 'write':
    case 'send':
    case 'remove':
    case 'directory':
    case 'link':
    case 'attributes':
    case 'tree':
      return true;
    default:
      return false;
  }
}

/** The observation after a change, as far as that can be told; null: this is not about it. */
export function entryObservationAfter(
  place: Place,
  observation: { readonly answer: Answers[keyof Answers] },
  change: EntryChange,
): Observation | null {
  // the answer is of that kind
  switch (place.kind) {
    case 'entry': {
      const after = entryAfter(place, observation.answer as Entry, change);
      if (after === observation.answer) return observation;
      return after === null ? { outdated: true } : { answer: after };
    }
    case 'file': {
      if (place.path !== change.path) return null;
      const after = fileAfter(observation.answer as FileState, change);
      return after === null ? null : { answer: after };
    }
    case 'tree': {
      const top = place.path.replace(/\/*$/, '/');
      if (!`${change.path}/`.startsWith(top)) return null;
      const isAll = change.kind === 'tree' && `${change.path}/` === top;
      const none = {
        type: 'absent',
        entries: new Map<string, FoundEntry>(),
        isCut: false,
      } as const;
      return isAll ? { answer: none } : { outdated: true };
    }
    case 'directory':
      return null;
  }
}

/** What is at a path once a change is made; null: that can't be told. */
export function entryAfter(
  { path, isFollowed }: { readonly path: string; readonly isFollowed: boolean },
  state: Entry,
  change: EntryChange,
): Entry | null {
  if (change.kind === 'tree') {
    return `${path}/`.startsWith(`${change.path}/`) ? { type: 'absent' } : state;
  }
  const isAbove = change.path.startsWith(`${path}/`) && state.type === 'absent';
  if (change.kind === 'directory' && isAbove) return made('directory', 0o755);
  if (path !== change.path) return state;
  switch (change.kind) {
    case 'write':
    case 'send': {
      if (state.type === 'link') return state; // the file that it leads to is another
      const size = change.kind === 'write' ? change.content.length : change.source.size;
      const old = state.type === 'absent' ? made('file', 0o644) : state;
      return { ...old, ...open, mode: change.mode ?? old.mode, size };
    }
    case 'remove':
      return { type: 'absent' };
    case 'directory':
      return state.type === 'absent' ? made('directory', change.mode) : state;
    case 'link':
      return isFollowed ? null : { ...made('link', 0o777), target: change.target };
    case 'attributes':
      return state.type === 'absent' ? state : withAttributes(state, change);
  }
}

/** An entry once its owners and mode are changed. */
export function withAttributes(
  state: FoundEntry,
  { mode, owner, group }: SetAttributes,
): FoundEntry {
  return {
    ...{ ...state, mode: mode ?? state.mode },
    ...(owner === null ? {} : { owner: owner.name, uid: owner.id }),
    ...(group === null ? {} : { group: group.name, gid: group.id }),
  };
}

/** What a file of which the content is known too becomes; null: that can't be told, or it is told elsewhere. */
function fileAfter(state: FileState, change: EntryChange): FileState | null {
  if (change.kind === 'tree') return { type: 'absent' };
  if (change.kind !== 'attributes') return null;
  if (state.type !== 'file') return state;
  const { mode, owner, group } = change;
  const uid = owner === null ? state.uid : owner.id;
  const gid = group === null ? state.gid : group.id;
  return uid === null || gid === null ? null : { ...state, mode: mode ?? state.mode, uid, gid };
}

/** Times and numbers of what is made anew. */
const open = { mtimeSeconds: null, inode: null } as const;

/** As root makes it. */
function made(type: FoundEntry['type'], mode: number): FoundEntry {
  return {
    ...{ ...open, type, mode, uid: 0, gid: 0, owner: 'root', group: 'root' },
    ...{ size: null, links: 1, target: null },
  };
}
