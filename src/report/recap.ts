import { type ErrorGroup, groupErrors, groupPending } from './error-groups.ts';
import { nextStep } from './next-step.ts';
import { type Paint, statusStyle } from './paint.ts';
import { repeatedLines } from './repeated.ts';
import type { RunRecord } from './run-record.ts';
import { STANDING_WORDS, STANDINGS, standingOf } from './standing.ts';
import {
  counted,
  duration,
  HOST_STATUSES,
  hangingIndent,
  listNames,
  listNamesWithin,
  statusWords,
  stopLine,
} from './wording.ts';

const NAMES_OF_AN_ERROR = 12;
const KINDS_SHOWN = 20;
const INDENT = '  ';

/** The end of a run for people, as lines: how many hosts ended how, what went wrong, what to do. */
export function recap(record: RunRecord, columns: number, paint: Paint): readonly string[] {
  return [
    '',
    paint('bold', title(record)),
    ...statusTable(record, columns, paint),
    ...errorLines(record, paint),
    ...pendingLines(record, paint),
    ...unknownLines(record),
    ...repeatedLines(record),
    ...(record.proof === null ? [] : ['', `Verify: ${record.proof.summary}`]),
    ...standingLines(record, columns, paint),
    '',
    paint('bold', nextStep(record)),
  ];
}

function title({ hosts, isCheck, end }: RunRecord): string {
  const took = end === null ? '' : ` in ${duration(end.seconds)}`;
  const how = end?.interrupted === true ? ', interrupted' : '';
  const check = isCheck ? ' (check: nothing was changed)' : '';
  return `Recap: ${counted(hosts.length, 'host')}${took}${how}${check}`;
}

function statusTable(
  { hosts, isCheck }: RunRecord,
  columns: number,
  paint: Paint,
): readonly string[] {
  const rows = [...HOST_STATUSES, null]
    .map((status) => ({
      status,
      names: hosts.filter((host) => host.status === status).map(({ name }) => name),
    }))
    .filter(({ names }) => names.length > 0)
    .map(({ status, names }) => ({
      status,
      words: status === null ? 'not done' : statusWords(status, isCheck),
      count: String(names.length),
      names,
    }));
  const widestWords = Math.max(0, ...rows.map(({ words }) => words.length));
  const widestCount = Math.max(0, ...rows.map(({ count }) => count.length));

  return rows.map(({ status, words, count, names }) => {
    const cell = `${words.padEnd(widestWords)}  ${count.padStart(widestCount)}`;
    const painted = status === null ? cell : paint(statusStyle[status], cell);
    const room = columns - INDENT.length - cell.length - 2;
    return `${INDENT}${painted}  ${listNamesWithin(names, room)}`;
  });
}

/** Of a run that did not go through: where that leaves the fleet. */
function standingLines(record: RunRecord, columns: number, paint: Paint): readonly string[] {
  const { stop, end, hosts, isCheck } = record;
  if (isCheck || (stop === null && end?.interrupted !== true)) return [];

  const rows = STANDINGS.map((standing) => ({
    standing,
    names: hosts.filter((host) => standingOf(host) === standing).map(({ name }) => name),
  })).filter(({ names }) => names.length > 0);
  const cells = rows.map(({ standing, names }) => {
    const what = `${standing} (${STANDING_WORDS[standing]})`;
    return { what, count: String(names.length), names };
  });
  const widest = Math.max(...cells.map(({ what }) => what.length));
  const widestCount = Math.max(...cells.map(({ count }) => count.length));
  return [
    '',
    ...(stop === null ? [] : [paint('red', stopLine(stop))]),
    paint('bold', 'How the hosts stand:'),
    ...cells.map(({ what, count, names }) => {
      const cell = `${what.padEnd(widest)}  ${count.padStart(widestCount)}`;
      const room = columns - INDENT.length - cell.length - 2;
      return `${INDENT}${cell}  ${listNamesWithin(names, room)}`;
    }),
  ];
}

function errorLines({ hosts, isCheck }: RunRecord, paint: Paint): readonly string[] {
  const groups = groupErrors(hosts);
  if (groups.length === 0) return [];

  const hidden = groups.slice(KINDS_SHOWN);
  const hiddenHosts = hidden.reduce((sum, group) => sum + group.hosts.length, 0);
  return [
    '',
    ...groups.slice(0, KINDS_SHOWN).flatMap((group) => errorGroupLines(group, isCheck, paint)),
    ...(hidden.length > 0
      ? [`... and ${counted(hidden.length, 'other error')} on ${counted(hiddenHosts, 'host')}`]
      : []),
  ];
}

function errorGroupLines(
  { status, message, hint, hosts }: ErrorGroup,
  isCheck: boolean,
  paint: Paint,
): readonly string[] {
  const many = hosts.length > 1 ? ` on ${hosts.length} hosts` : '';
  const heading = paint(statusStyle[status], `${statusWords(status, isCheck)}${many}`);
  const inner = INDENT + INDENT;
  return [
    `${heading}: ${listNames(hosts, NAMES_OF_AN_ERROR)}`,
    `${INDENT}${hangingIndent(message, INDENT)}`,
    ...(hint === null ? [] : [`${INDENT}${paint('dim', 'hint:')} ${hangingIndent(hint, inner)}`]),
  ];
}

function pendingLines({ hosts }: RunRecord, paint: Paint): readonly string[] {
  const pending = groupPending(hosts);
  if (pending.size === 0) return [];

  return [
    '',
    paint('bold', 'Pending:'),
    ...Array.from(
      pending,
      ([what, names]) => `${INDENT}${what} (${listNames(names, NAMES_OF_AN_ERROR)})`,
    ),
  ];
}

function unknownLines({ hosts }: RunRecord): readonly string[] {
  const unsure = hosts.filter(({ unknown }) => unknown > 0);
  if (unsure.length === 0) return [];

  const tasks = unsure.reduce((sum, { unknown }) => sum + unknown, 0);
  const names = listNames(
    unsure.map(({ name }) => name),
    NAMES_OF_AN_ERROR,
  );
  return ['', `Unknown until applied: ${counted(tasks, 'task')} on ${names}`];
}
