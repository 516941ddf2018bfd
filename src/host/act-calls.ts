import type { Act } from './act-program.ts';
import { isCommand } from './change.ts';
import { wordsOf } from './change-words.ts';
import { isWithin } from './names.ts';
import { quote, quoteAll } from './quote.ts';

/** Lines of an act program. */
export interface ActCalls {
  /** Functions that come before the calls. */
  readonly functions: readonly string[];
  readonly calls: readonly string[];
}

/** As many files are made at once: so much space they take, and so often the host goes through their listing. */
const mostFiles = 16;

/**
 * Calls that make these changes in order, and return at the first that fails. What comes before a
 * command is on the disk when that runs; of all other changes, the last may not be, until `xp_finish_files`.
 */
export function actCalls(acts: readonly Act[]): ActCalls {
  const numbered = acts.map((act, number) => ({ ...act, number }));
  return {
    functions: numbered.filter(isWrite).map(functionOf),
    calls: groupsOf(numbered).flatMap((group, index, groups) => [
      // the first of them makes durable what the host has kept to undo them
      ...(index === 0 || group.some(isOfFiles) ? [prepareCall(group)] : []),
      ...group.flatMap(callsOf),
      ...(index < groups.length - 1 && group.some(isOfFiles) ? ['xp_finish_files'] : []),
    ]),
  };
}

interface NumberedAct extends Act {
  readonly number: number;
}

function functionOf({ change, number }: NumberedAct): string {
  return `xp_file_${number}() { "$@" ${quoteAll(wordsOf(change).slice(1))}; }`;
}

function prepareCall(group: readonly NumberedAct[]): string {
  return ['xp_prepare', ...group.filter(isWrite).map(({ number }) => number)].join(' ');
}

function callsOf(act: NumberedAct): readonly string[] {
  const { id, change, stage, number } = act;
  const words = isWrite(act)
    ? `xp_file_${number} xp_write_ready ${number}`
    : quoteAll(wordsOf(change, stage ?? null));
  return [`xp_do ${quote(id)} ${words} || return`, ...(isOfFiles(act) ? [] : ['XP_IS_FRESH='])];
}

/** Neighbours whose files are made at once: what a command does to files, or reads, is not known. */
function groupsOf(acts: readonly NumberedAct[]): readonly (readonly NumberedAct[])[] {
  const groups: NumberedAct[][] = [];
  let isOpen = false;
  for (const act of acts) {
    const isAlone = isCommand(act.change);
    const group = groups.at(-1) ?? [];
    const isFull = isWrite(act) && group.filter(isWrite).length === mostFiles;
    const isTooEarly = group.some((before) => isTakenAway(act.change, before.change));
    if (!isOpen || isAlone || isFull || isTooEarly) groups.push([]);
    groups.at(-1)?.push(act);
    isOpen = !isAlone;
  }
  return groups;
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
  return ['write', 'remove', 'directory', 'link', 'tree'].includes(kind);
}
