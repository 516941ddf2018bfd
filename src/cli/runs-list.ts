import type { ListedRun } from '../records/list-runs.ts';
import type { RunHead } from '../records/run-head.ts';
import { counted, HOST_STATUSES } from '../report/wording.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { quotedWord } from './resume-command.ts';
import { aligned } from './table.ts';

const WHAT = { least: 18, most: 60 } as const;
/** The run, when it was begun, and blanks between columns. */
const LEFT = 6 + 19 + 4 * 2;

/**
 * The runs as a table, newest first, for so many columns. The id of a run is its time and six letters,
 * so that these name it.
 */
export function runsTable(runs: readonly ListedRun[], columns: number): string {
  const who = new Set(runs.flatMap(({ head }) => head?.run.by ?? []));
  const others = widest(runs.map(exitOf), 4) + widest(runs.map(hostsOf), 5);
  const most = Math.max(WHAT.least, Math.min(WHAT.most, columns - LEFT - others));
  const rows = runs.map((run) => {
    const { id, head } = run;
    const begun = (head?.run.since ?? timeOf(id)).replace('T', ' ').replace(/Z$/, '');
    return {
      ...{ RUN: id.slice(-6), 'BEGUN (UTC)': begun, EXIT: exitOf(run), BY: head?.run.by ?? '' },
      WHAT: head === null ? 'cannot be read' : wordsOf(head, most),
      HOSTS: hostsOf(run),
    };
  });
  const shown = ['RUN', 'BEGUN (UTC)', ...(who.size > 1 ? ['BY'] : []), 'EXIT', 'WHAT', 'HOSTS'];
  const cells = rows.map((row) => new Map(Object.entries(row)));
  return aligned(
    [shown, ...cells.map((row) => shown.map((name) => row.get(name) ?? ''))].map((row) =>
      row.map(oneLine),
    ),
  );
}

function widest(texts: readonly string[], least: number): number {
  return Math.max(least, ...texts.map(({ length }) => length));
}

/** `20261122T230501Z-3f9a2c` is of 2026-11-22T23:05:01Z. */
function timeOf(id: string): string {
  return id.replace(/^(....)(..)(..T..)(..)(..Z).*$/, '$1-$2-$3:$4:$5');
}

/** The same for programs. */
export function runsDocument(runs: readonly ListedRun[]): object {
  return {
    schema: 1,
    runs: runs.map(({ id, head, end, state }) => ({
      id,
      since: head && oneLine(head.run.since),
      by: head && oneLine(head.run.by),
      command: head && oneLine(head.command),
      arguments: head?.arguments.map(oneLine) ?? null,
      directory: head && oneLine(head.directory),
      check: head?.check ?? null,
      state: head === null ? 'damaged' : state,
      exit: end?.exit ?? null,
      seconds: end?.seconds ?? null,
      interrupted: end?.interrupted ?? null,
      hosts: end?.hosts ?? null,
    })),
  };
}

/** A command line as it was given, with the options of the environment before it. */
export function commandOf(head: RunHead): string {
  return `${environmentOf(head)}${['xpush', ...head.arguments.map(quotedWord)].join(' ')}`;
}

/** Options of the environment, as they stand before a command; those that `known` has go without saying. */
export function environmentOf(
  { environment }: Pick<RunHead, 'environment'>,
  known: NodeJS.ProcessEnv = {},
): string {
  return Object.entries(environment)
    .filter(([name, value]) => known[name] !== value)
    .map(([name, value]) => `${name}=${quotedWord(value)} `)
    .join('');
}

/** A command line of at most so many characters: long paths go first. */
function wordsOf({ arguments: words }: RunHead, most: number): string {
  const all = words.map(quotedWord).join(' ');
  if (all.length <= most) return all;
  return cut(words.map((word) => quotedWord(word.replace(/^.*\//, ''))).join(' '), most);
}

/** How a run ended, as short as it goes. */
function exitOf({ head, end, state }: ListedRun): string {
  if (end !== null) return String(end.exit);
  return head === null || state === 'unknown' ? '?' : state;
}

/** How a run ended, in a word or two. */
export function endOf({ end, state }: Pick<ListedRun, 'end' | 'state'>): string {
  if (end !== null) return `${end.exit}${end.interrupted ? ' (interrupted)' : ''}`;
  if (state === 'killed') return 'interrupted (killed)';
  return state === 'running' ? 'still running' : 'not known';
}

function hostsOf({ end, head }: ListedRun): string {
  if (end === null) return '';
  const { not_done: notDone, ...hosts } = end.hosts;
  const counts = HOST_STATUSES.flatMap((status) =>
    hosts[status] === 0 ? [] : [`${hosts[status]} ${words(status, head?.check === true)}`],
  );
  const all = [...counts, ...(notDone === 0 ? [] : [`${notDone} not done`])];
  return all.length === 0 ? counted(0, 'host') : all.join(', ');
}

function words(status: string, isCheck: boolean): string {
  return status === 'changed' && isCheck ? 'would change' : status.replaceAll('_', ' ');
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 3)}...` : text;
}

/** Records are files that anybody's editor may have been in. */
function oneLine(text: string): string {
  return escapeControls(text).replaceAll('\n', '\\x0a').replaceAll('\t', '\\x09');
}
