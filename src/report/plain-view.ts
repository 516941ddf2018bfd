import type { HostEnd, Message, RunEvent, RunStart, TaskEnd } from '../engine/events.ts';
import { Fleet } from './fleet.ts';
import type { Outlet } from './outlet.ts';
import type { HostRecord, RunRecord } from './run-record.ts';
import type { View } from './view.ts';
import { counted, duration, hangingIndent, statusWords } from './wording.ts';

const INDENT = '    ';
const WIDEST_NAME = 40;
const STATUS_WIDTH = 'would change'.length;
const TIME_WIDTH = '59m59s'.length;

/** A log: one line for each finished host, and a sign of life when nothing finishes. No escapes. */
export class PlainView implements View {
  readonly #outlet: Outlet;
  readonly #record: RunRecord;
  readonly #verbose: number;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #fleet = new Fleet();
  #nameWidth = 0;

  constructor(outlet: Outlet, record: RunRecord, verbose: number, heartbeatMs: number) {
    this.#outlet = outlet;
    this.#record = record;
    this.#verbose = verbose;
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs).unref();
  }

  see(event: RunEvent): void {
    this.#fleet.note(event, 0);
    switch (event.event) {
      case 'run_start':
        this.#nameWidth = Math.min(
          WIDEST_NAME,
          event.hosts.reduce((widest, { name }) => Math.max(widest, name.length), 0),
        );
        this.#say(runStartLine(event));
        break;
      case 'task':
        if (this.#verbose > 0) this.#say(this.#taskLine(event));
        break;
      case 'host_end':
        this.#noteEnd(event);
        break;
      case 'message':
        this.#say(messageLine(event));
        break;
      default:
        break;
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
  }

  #noteEnd(event: HostEnd): void {
    const host = this.#record.host(event.host);
    const words = statusWords(event.status, this.#record.isCheck).padEnd(STATUS_WIDTH);
    const took = duration(event.seconds).padStart(TIME_WIDTH);
    const detail = hangingIndent(hostDetail(event, host), INDENT);
    this.#say(`${event.host.padEnd(this.#nameWidth)}  ${words}  ${took}  ${detail}`.trimEnd());
  }

  #taskLine(event: TaskEnd): string {
    const words = statusWords(event.status, this.#record.isCheck).padEnd(STATUS_WIDTH);
    const line = `${event.host.padEnd(this.#nameWidth)}  ${words}  ${event.task} (${event.step})`;
    return [line, ...taskNotes(event, this.#verbose)].join('\n');
  }

  #beat(): void {
    const { running, waiting, done } = this.#fleet;
    this.#say(`... ${running} running, ${waiting} waiting, ${done} done`);
  }

  #say(text: string): void {
    this.#heartbeat.refresh();
    this.#outlet.write(`${text}\n`);
  }
}

/** The first line of a run for people. */
export function runStartLine({ check, hosts }: RunStart): string {
  const what = counted(hosts.length, 'host');
  return check ? `Checking ${what}: nothing will be changed.` : `Applying to ${what}.`;
}

/** A message of the engine for people. */
export function messageLine({ level, host, text }: Message): string {
  const from = host === null ? '' : `${host}: `;
  const kind = level === 'warning' ? 'warning: ' : '';
  return `${kind}${from}${hangingIndent(text, INDENT)}`;
}

/** What to print below the line of a task: changes, what it waits for, what it said. */
export function taskNotes(task: TaskEnd, verbose: number): readonly string[] {
  const isTold = task.status !== 'ok' || verbose > 1;
  return [
    ...task.changes.map(({ kind, subject }) => `${INDENT}${kind} ${subject}`),
    ...task.pending.map((what) => `${INDENT}pending: ${what}`),
    ...(task.message !== null && isTold ? [`${INDENT}${hangingIndent(task.message, INDENT)}`] : []),
  ];
}

function hostDetail(event: HostEnd, host: HostRecord | undefined): string {
  if (event.error !== null) return event.error.message;
  if (host === undefined || host.tasks === 0) return '';

  const changed = host.changed > 0 ? `${host.changed} of ` : '';
  const unknown = host.unknown > 0 ? `, ${host.unknown} unknown until applied` : '';
  const pending = host.pending.length > 0 ? `, ${host.pending.length} pending` : '';
  return `${changed}${counted(host.tasks, 'task')}${unknown}${pending}`;
}
