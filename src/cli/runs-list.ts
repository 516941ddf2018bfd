import type { ListedRun } from '../records/list-runs.ts';
import type { RunHead } from '../records/run-head.ts';
import { counted, HOST_STATUSES } from '../report/wording.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { aligned } from './table.ts';

/** The runs as a table, newest first. */
export function runsTable(runs: readonly ListedRun[]): string {
  const rows = runs.map((run) => {
    const { id, head } = run;
    if (head === null) return [id, '', '', 'its record cannot be read', '', ''];
    return [
      id,
      head.run.since.replace('T', ' ').replace(/Z$/, ''),
      head.run.by,
      cut(commandOf(head)),
      endOf(run),
      hostsOf(run),
    ];
  });
  return aligned(
    [['RUN', 'BEGUN (UTC)', 'BY', 'WHAT', 'EXIT', 'HOSTS'], ...rows].map((row) => row.map(oneLine)),
  );
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
export function commandOf({ environment, arguments: words }: RunHead): string {
  const given = Object.entries(environment).map(([name, value]) => `${name}=${quoted(value)}`);
  return [...given, 'xpush', ...words.map(quoted)].join(' ');
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

const MOST_CHARACTERS = 60;

function cut(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 3)}...` : text;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./*-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Records are files that anybody's editor may have been in. */
function oneLine(text: string): string {
  return escapeControls(text).replaceAll('\n', '\\x0a').replaceAll('\t', '\\x09');
}
