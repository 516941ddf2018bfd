import type { Act } from './act-program.ts';
import {
  type Change,
  isCommand,
  type MakeDirectory,
  type RemoveFile,
  type WriteFile,
} from './change.ts';

/** A file of the next boot that is made when a window is armed, and put in place once it is confirmed. */
export interface StagedAct {
  /** Of all acts on that path. */
  readonly ids: readonly string[];
  readonly change: WriteFile | RemoveFile | MakeDirectory;
}

/** How the acts of a window are carried out. */
export interface WindowActs {
  /** Between arming and decision, in order. */
  readonly now: readonly Act[];
  /** After the decision, in order. */
  readonly staged: readonly StagedAct[];
  /** Of acts that cancel each other out: a file that is made and removed again. */
  readonly idle: readonly string[];
  /** Files that the acts between arming and decision change. */
  readonly files: readonly string[];
}

/**
 * Files of effect `boot` wait for the decision; everything else is made at once. But what comes before
 * a command is in place when that runs, and a file that is changed at once is not staged too.
 */
export function splitActs(acts: readonly Act[]): WindowActs {
  const lastCommand = acts.findLastIndex(({ change }) => isCommand(change));
  const changedNow = new Set(
    acts.flatMap(({ change }, index) =>
      change.effect !== 'boot' || index < lastCommand || !isOfFile(change) ? filesOf(change) : [],
    ),
  );
  const isStaged = ({ change }: Act) =>
    change.effect === 'boot' &&
    (change.kind === 'directory' ||
      (isOfFile(change) && filesOf(change).every((path) => !changedNow.has(path))));
  return {
    now: acts.filter((act) => !isStaged(act)),
    ...mergeStaged(acts.filter(isStaged)),
    files: [...changedNow],
  };
}

function isOfFile({ kind }: Change): boolean {
  return kind === 'write' || kind === 'remove' || kind === 'directory';
}

function filesOf(change: Change): readonly string[] {
  switch (change.kind) {
    case 'write':
    case 'remove':
      return [change.path];
    case 'link':
      return [change.path];
    case 'attributes':
      return change.before.type === 'file' ? [change.path] : [];
    case 'command':
      return change.files;
    default:
      return [];
  }
}

/** What several tasks make of one file is planned from what the one before leaves: on the disk it is one change. */
function mergeStaged(acts: readonly Act[]): Pick<WindowActs, 'staged' | 'idle'> {
  const merged = new Map<string, StagedAct>();
  const idle: string[] = [];
  for (const { id, change } of acts) {
    if (change.kind !== 'write' && change.kind !== 'remove' && change.kind !== 'directory') {
      throw new Error(`a change that is no file's can not be staged: ${change.kind}`);
    }
    const key = `${change.kind === 'directory' ? 'directory' : 'file'} ${change.path}`;
    const first = merged.get(key);
    merged.delete(key); // it moves to where the last of them is
    const ids = [...(first?.ids ?? []), id];
    const next = first === undefined ? change : mergeTwo(first.change, change);
    if (next === null) idle.push(...ids);
    else merged.set(key, { ids, change: next });
  }
  return { staged: [...merged.values()], idle };
}

function mergeTwo(first: StagedAct['change'], second: StagedAct['change']) {
  if (first.kind === 'directory' || second.kind === 'directory') return second;
  const { before } = first;
  if (second.kind === 'remove') return before.type === 'absent' ? null : { ...second, before };
  const isKept = first.kind === 'write' && second.mode === null;
  const mode = isKept ? first.mode : (second.mode ?? 0o644);
  return { ...second, before, mode };
}
