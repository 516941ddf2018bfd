import type { RunEvent, RunStart } from '../engine/events.ts';
import { cellWidth } from './cells.ts';
import { Fleet } from './fleet.ts';
import { batchLine, hostLine, messageLine, runStartLine, taskLines } from './host-line.ts';
import type { Outlet } from './outlet.ts';
import { paintFor } from './paint.ts';
import { isRepeated } from './repeated.ts';
import type { RunRecord } from './run-record.ts';
import type { View } from './view.ts';

const WIDEST_NAME = 40;

/** A log: one line for each finished host, and a sign of life when nothing finishes. */
export class PlainView implements View {
  readonly #outlet: Outlet;
  readonly #record: RunRecord;
  readonly #verbose: number;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #fleet = new Fleet();
  #nameCells = 0;

  constructor(outlet: Outlet, record: RunRecord, verbose: number, heartbeatMs: number) {
    this.#outlet = outlet;
    this.#record = record;
    this.#verbose = verbose;
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs).unref();
  }

  see(event: RunEvent): void {
    this.#fleet.note(event, 0);
    const paint = paintFor(this.#outlet.stream);
    switch (event.event) {
      case 'run_start':
        this.#nameCells = nameColumn(event);
        this.#say(runStartLine(event));
        break;
      case 'batch': {
        const line = batchLine(event, paint);
        if (line !== null) this.#say(line);
        break;
      }
      case 'task':
        if (this.#verbose > 0) {
          const { isCheck } = this.#record;
          this.#say(taskLines(event, isCheck, this.#verbose, this.#nameCells, paint));
        }
        break;
      case 'host_end':
        this.#say(hostLine(event, this.#record, this.#nameCells, paint));
        break;
      case 'message':
        if (!isRepeated(event, this.#record)) this.#say(messageLine(event, paint));
        break;
      case 'verified':
        this.#say(`\n${event.text.trimEnd()}`);
        break;
      default:
        break;
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
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

/** How wide the column of host names is. */
export function nameColumn({ hosts }: RunStart): number {
  const widest = hosts.reduce((most, { name }) => Math.max(most, cellWidth(name)), 0);
  return Math.min(WIDEST_NAME, widest);
}
