import { performance } from 'node:perf_hooks';
import type { RunEvent } from '../engine/events.ts';
import { Fleet } from './fleet.ts';
import { fleetRows } from './fleet-rows.ts';
import { type Environment, type Glyphs, glyphsFor } from './glyphs.ts';
import { batchLine, hostLine, messageLine, runStartLine, taskLines } from './host-line.ts';
import type { Outlet } from './outlet.ts';
import { type Paint, paintFor } from './paint.ts';
import { Phases, type PhaseTask } from './phases.ts';
import { nameColumn } from './plain-view.ts';
import { isRepeated } from './repeated.ts';
import type { Row } from './row.ts';
import type { RunRecord } from './run-record.ts';
import { Screen, type ScreenSize } from './screen.ts';
import type { View } from './view.ts';
import { duration } from './wording.ts';

const TICK_MS = 1000;
const SPINNER_MS = 125;

/** How much stays above the display. */
export interface Lines {
  /** 1: a line a task; 2: what tasks that were ok said, too. */
  readonly verbose: number;
  /** Nothing but warnings stays: what the run came to is shown elsewhere. Default: false. */
  readonly isPassing?: boolean;
}

/** A run on a terminal: the phase it is in, the fleet below it, and what stays above them. */
export class LiveView implements View {
  readonly #record: RunRecord;
  readonly #verbose: number;
  readonly #isPassing: boolean;
  readonly #paint: Paint;
  readonly #glyphs: Glyphs;
  readonly #screen: Screen;
  readonly #phases: Phases;
  readonly #running = new Set<PhaseTask>();
  readonly #fleet = new Fleet();
  readonly #tick: NodeJS.Timeout;
  #nameCells = 0;
  #startedMs = performance.now();

  constructor(outlet: Outlet, record: RunRecord, lines: Lines, env: Environment) {
    this.#record = record;
    this.#verbose = lines.verbose;
    this.#isPassing = lines.isPassing ?? false;
    this.#paint = paintFor(outlet.stream);
    this.#glyphs = glyphsFor(env);
    this.#screen = new Screen(
      outlet,
      (size) => this.#compose(size),
      this.#paint,
      this.#glyphs.ellipsis,
    );
    this.#phases = new Phases({
      begin: (task) => this.#running.add(task),
      change: () => this.#screen.change(),
      end: (task) => this.#endPhase(task),
    });
    this.#tick = setInterval(() => this.#screen.change(), TICK_MS).unref();
  }

  see(event: RunEvent): void {
    this.#fleet.note(event, performance.now());
    this.#print(event);
    if (event.event === 'phase') this.#phases.note(event);
    this.#screen.change();
  }

  async close(): Promise<void> {
    clearInterval(this.#tick);
    await this.#phases.close();
    this.#screen.close();
  }

  #print(event: RunEvent): void {
    switch (event.event) {
      case 'run_start':
        this.#startedMs = performance.now();
        this.#nameCells = nameColumn(event);
        if (!this.#isPassing) this.#screen.print(runStartLine(event));
        break;
      case 'batch':
        // The others have their row.
        if (event.status === 'stopped') this.#screen.print(batchLine(event, this.#paint) ?? '');
        break;
      case 'task':
        if (this.#verbose > 0) {
          const { isCheck } = this.#record;
          this.#screen.print(
            taskLines(event, isCheck, this.#verbose, this.#nameCells, this.#paint),
          );
        }
        break;
      case 'host_end':
        if (this.#verbose > 0) {
          this.#screen.print(hostLine(event, this.#record, this.#nameCells, this.#paint));
        }
        break;
      case 'message':
        if (!isRepeated(event, this.#record)) {
          this.#screen.print(messageLine(event, this.#paint));
        }
        break;
      case 'verified':
        this.#screen.print(`\n${event.text.trimEnd()}`);
        break;
      default:
        break;
    }
  }

  #endPhase(task: PhaseTask): void {
    this.#running.delete(task);
    if (this.#isPassing) return;
    const { done, failed } = this.#glyphs;
    const sign = task.hasFailed() ? this.#paint('red', failed) : this.#paint('green', done);
    const took = task.message.duration === undefined ? '' : duration(task.message.duration / 1000);
    this.#screen.print(`${sign} ${task.title} ${this.#paint('dim', took)}`);
  }

  #compose({ columns, rows }: ScreenSize): readonly Row[] {
    const nowMs = performance.now();
    const spinner = this.#glyphs.spinner;
    const sign = spinner[Math.floor(nowMs / SPINNER_MS) % spinner.length] ?? '';
    const phases: readonly Row[] = Array.from(this.#running, (task) => [
      { text: `${sign} `, style: 'cyan' },
      { text: task.title ?? '', style: 'bold' },
    ]);
    const scene = {
      fleet: this.#fleet,
      isCheck: this.#record.isCheck,
      elapsedMs: nowMs - this.#startedMs,
      nowMs,
      glyphs: this.#glyphs,
    };
    // Where there is no room for both, the fleet matters more.
    const forPhases = phases.slice(0, Math.max(0, rows - 3));
    return [...forPhases, ...fleetRows(scene, columns, rows - forPhases.length)];
  }
}
