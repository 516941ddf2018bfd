import type { MakeDirectory, RemoveFile, SendFile, WriteFile } from './change.ts';
import { byBytes } from './file-state.ts';
import type { DirectoryState, FileState } from './query.ts';

/** A change of one name, and of what leads there. */
export type FileChange = WriteFile | SendFile | RemoveFile | MakeDirectory;

/** The file at a path as it is after a change. */
export function fileAfter(path: string, state: FileState, change: FileChange): FileState {
  const isAbove = change.path.startsWith(`${path}/`) && state.type === 'absent';
  if (change.kind === 'directory' && isAbove) return { type: 'directory' };
  return path === change.path ? stateAfter(change) : state;
}

/** The files of the directory whose names end in the suffix, as they are after a change. */
export function directoryAfter(
  { path, suffix }: { readonly path: string; readonly suffix: string },
  state: DirectoryState,
  change: FileChange,
): DirectoryState {
  if (change.path === path) return { ...state, exists: change.kind === 'directory' };
  if (!change.path.startsWith(`${path}/`)) return state;
  const exists = state.exists || change.kind === 'directory';
  const name = change.path.slice(path.length + 1);
  if (!/^[^./][^/]*$/.test(name) || !name.endsWith(suffix)) return { ...state, exists };
  const others = [...state.files].filter(([other]) => other !== change.path);
  const after = stateAfter(change);
  const files: [string, FileState][] =
    after.type === 'absent' ? others : [...others, [change.path, after]];
  return { ...state, exists, files: new Map(files.sort(([a], [b]) => byBytes(a, b))) };
}

function stateAfter(change: FileChange): FileState {
  switch (change.kind) {
    case 'write':
      return { ...detailsAfter(change), size: change.content.length, content: change.content };
    case 'send': {
      const { source } = change;
      return {
        ...detailsAfter(change),
        ...{ size: source.size, content: null },
        // they may not be made yet
        get sums() {
          return source.sums;
        },
      };
    }
    case 'remove':
      return { type: 'absent' };
    case 'directory':
      return { type: 'directory' };
  }
}

function detailsAfter({ before, mode }: WriteFile | SendFile) {
  const old = before.type === 'file' ? before : { mode: 0o644, uid: 0, gid: 0 };
  return { type: 'file', mode: mode ?? old.mode, uid: old.uid, gid: old.gid } as const;
}
