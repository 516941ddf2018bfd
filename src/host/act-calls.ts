import type { Act } from './act-program.ts';
import { isCommand, type WriteFile } from './change.ts';
import { wordsOf } from './change-words.ts';
import { hasContent } from './file-state.ts';
import { isWithin } from './names.ts';
import { noticeCall } from './notice.ts';
import { quote, quoteAll } from './quote.ts';

/** Lines of an act program. */
export interface ActCalls {
  /** Functions that come before the calls. */
  readonly functions: readonly string[];
  readonly calls: readonly string[];
}

/** As many files are made at once: so much space they take, and so often the host goes through their listing. */
const mostFiles = 24;

/**
 * Calls that make these changes in order, and return at the first that fails. What comes before a
 * command is on the disk when that runs; of all other changes, the last may not be, until `xp_finish_files`.
 * `isHeld`: the program has taken the host's lock before.
 */
export function actCalls(acts: readonly Act[], isHeld: boolean): ActCalls {
  const numbered = merged(
    acts.map((act, number) => ({
      ...{ ...act, number, also: [] },
      notice: isHeld ? noticeCall(act.change) : null,
    })),
  );
  return {
    functions: numbered.filter(isWrite).map(functionOf),
    calls: groupsOf(numbered).flatMap((group, index, groups) => [
      // the first of them makes durable what the host has kept to undo them
      ...(index === 0 || group.some(isOfFiles) ? [prepareCall(group)] : []),
      ...runsOf(group).flatMap((run) => [...togetherCall(run), ...run.flatMap(callsOf)]),
      ...(index < groups.length - 1 && group.some(isOfFiles) ? ['xp_finish_files'] : []),
    ]),
  };
}

interface NumberedAct extends Act {
  readonly number: number;
  /** Sections of acts behind it that are done with it. */
  readonly also: readonly string[];
  /** What does the same as the command that it is. */
  readonly notice: string | null;
}

/** A file that is written several times in a row gets its last content at once. */
function merged(acts: readonly NumberedAct[]): readonly NumberedAct[] {
  const left: NumberedAct[] = [];
  for (const act of acts) {
    const last = left.at(-1);
    const change = last === undefined ? null : inOne(last.change, act.change);
    if (last === undefined || change === null) left.push(act);
    else left.splice(-1, 1, { ...last, change, also: [...last.also, act.id] });
  }
  return left;
}

/** null: the second one does not begin where the first one ends. */
function inOne(first: Act['change'], second: Act['change']): WriteFile | null {
  if (first.kind !== 'write' || second.kind !== 'write' || first.path !== second.path) return null;
  const [old, between] = [first.before, second.before];
  if (between.type !== 'file' || !hasContent(between, first.content)) return null;
  const { mode, uid, gid } = old.type === 'file' ? old : { ...between, mode: 0o644 };
  const isSame =
    between.uid === uid && between.gid === gid && between.mode === (first.mode ?? mode);
  return isSame ? { ...second, before: old, mode: second.mode ?? first.mode } : null;
}

function functionOf({ change, number }: NumberedAct): string {
  return `xp_file_${number}() { "$@" ${quoteAll(wordsOf(change).slice(1))}; }`;
}

function prepareCall(group: readonly NumberedAct[]): string {
  return ['xp_prepare', ...group.filter(isWrite).map(({ number }) => number)].join(' ');
}

/** New files of one directory that are put in place one after the other. */
function runsOf(group: readonly NumberedAct[]): readonly (readonly NumberedAct[])[] {
  const runs: NumberedAct[][] = [];
  for (const act of group) {
    const run = runs.at(-1);
    const place = newIn(act);
    if (run !== undefined && place !== null && run[0] !== undefined && newIn(run[0]) === place)
      run.push(act);
    else runs.push([act]);
  }
  return runs;
}

/** The directory of a file that is not there yet. */
function newIn({ change }: Act): string | null {
  if (change.kind !== 'write' || change.before.type !== 'absent') return null;
  return change.path.slice(0, change.path.lastIndexOf('/'));
}

function togetherCall(run: readonly NumberedAct[]): readonly string[] {
  if (run.length < 2) return [];
  return [['xp_place_together', ...run.map(({ number }) => number)].join(' ')];
}

function callsOf(act: NumberedAct): readonly string[] {
  const { id, change, stage, number, also, notice } = act;
  const words = isWrite(act)
    ? `xp_file_${number} xp_write_ready ${number}`
    : (notice ?? quoteAll(wordsOf(change, stage ?? null)));
  return [
    `xp_do ${quote(id)} ${words} || return`,
    ...(also.length === 0 ? [] : [`xp_did ${quoteAll(also)}`]),
    ...(keepsFiles(act) ? [] : ['XP_IS_FRESH=']),
  ];
}

/** Neighbours whose files are made at once: what a command does to files, or reads, is not known. */
function groupsOf(acts: readonly NumberedAct[]): readonly (readonly NumberedAct[])[] {
  const groups: NumberedAct[][] = [];
  let isOpen = false;
  for (const act of acts) {
    const isAlone = isCommand(act.change) && act.notice === null;
    const group = groups.at(-1) ?? [];
    const isFull = isWrite(act) && group.filter(isWrite).length === mostFiles;
    const isTooEarly = group.some(
      (before) => isTakenAway(act.change, before.change) || isAgain(act.change, before.change),
    );
    if (!isOpen || isAlone || isFull || isTooEarly) groups.push([]);
    groups.at(-1)?.push(act);
    isOpen = !isAlone;
  }
  return groups;
}

/** Whether both write the same file. */
function isAgain(file: Act['change'], before: Act['change']): boolean {
  return file.kind === 'write' && before.kind === 'write' && file.path === before.path;
}

/** Whether a file that is made before its turn would be taken away, or be elsewhere, once that has come. */
function isTakenAway(file: Act['change'], before: Act['change']): boolean {
  if (file.kind !== 'write') return false;
  switch (before.kind) {
    case 'remove':
    case 'link':
    case 'tree':
      return isWithin(file.path, before.path);
    default:
      return false;
  }
}

function isWrite({ change }: Act): boolean {
  return change.kind === 'write';
}

function isOfFiles({ change: { kind } }: Act): boolean {
  return ['write', 'remove', 'directory', 'link', 'tree', 'attributes'].includes(kind);
}

/** Whether no other file is changed by it, under none of its names. */
function keepsFiles(act: NumberedAct): boolean {
  if (act.change.kind === 'attributes') return act.change.before.type === 'directory';
  return isOfFiles(act) || act.notice !== null;
}
