import type { Batch, HostEnd, Message, RunStart, TaskEnd } from '../engine/events.ts';
import { padCells } from './cells.ts';
import { type Paint, statusStyle } from './paint.ts';
import type { HostRecord, RunRecord } from './run-record.ts';
import { counted, duration, hangingIndent, statusWords, stopLine } from './wording.ts';

const INDENT = '    ';
const STATUS_WIDTH = 'would change'.length;
const TIME_WIDTH = '59m59s'.length;

/** The first line of a run for people. */
export function runStartLine({ check, hosts }: RunStart): string {
  const what = counted(hosts.length, 'host');
  return check ? `Checking ${what}: nothing will be changed.` : `Applying to ${what}.`;
}

/** A batch that begins or stops the rollout; null: that it is done shows by itself. */
export function batchLine(batch: Batch, paint: Paint): string | null {
  if (batch.status === 'stopped') return paint('red', stopLine(batch));
  if (batch.status === 'done') return null;
  const { batch: number, batches, total, hosts, play } = batch;
  return `Batch ${number} of ${batches} of ${play}: ${hosts.length} of ${counted(total, 'host')}.`;
}

/** A finished host: name, status, time, and what came of it. */
export function hostLine(
  event: HostEnd,
  record: RunRecord,
  nameCells: number,
  paint: Paint,
): string {
  const words = statusWords(event.status, record.isCheck).padEnd(STATUS_WIDTH);
  const took = duration(event.seconds).padStart(TIME_WIDTH);
  const detail = hostDetail(event, record.host(event.host));
  const name = padCells(event.host, nameCells);
  return `${name}  ${paint(statusStyle[event.status], words)}  ${took}  ${detail}`.trimEnd();
}

/** A finished task: its line and, moved in, its changes, what it waits for, what it said. */
export function taskLines(
  task: TaskEnd,
  isCheck: boolean,
  verbose: number,
  nameCells: number,
  paint: Paint,
): string {
  const words = statusWords(task.status, isCheck).padEnd(STATUS_WIDTH);
  const name = padCells(task.host, nameCells);
  const isTold = task.message !== null && (task.status !== 'ok' || verbose > 1);
  return [
    `${name}  ${paint(statusStyle[task.status], words)}  ${task.task} (${task.step})`,
    ...task.changes.map(({ kind, subject }) => `${INDENT}${kind} ${subject}`),
    ...task.pending.map((what) => `${INDENT}pending: ${what}`),
    ...(isTold ? [`${INDENT}${hangingIndent(task.message, INDENT)}`] : []),
  ].join('\n');
}

/** A message of the engine. */
export function messageLine({ level, host, text }: Message, paint: Paint): string {
  const from = host === null ? '' : `${host}: `;
  const kind = level === 'warning' ? `${paint('yellow', 'warning:')} ` : '';
  return `${kind}${from}${hangingIndent(text, INDENT)}`;
}

function hostDetail(event: HostEnd, host: HostRecord | undefined): string {
  if (event.error !== null) return firstLine(event.error.message);
  if (host === undefined || host.tasks === 0) return '';

  const changed = host.changed > 0 ? `${host.changed} of ` : '';
  const unknown = host.unknown > 0 ? `, ${host.unknown} unknown until applied` : '';
  const pending = host.pending.length > 0 ? `, ${host.pending.length} pending` : '';
  return `${changed}${counted(host.tasks, 'task')}${unknown}${pending}`;
}

/** The recap has the rest. */
function firstLine(text: string): string {
  const [first = '', ...others] = text.trimEnd().split('\n');
  return others.length > 0 ? `${first} ...` : first;
}
