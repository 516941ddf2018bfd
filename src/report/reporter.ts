import { performance } from 'node:perf_hooks';
import type { RunEvent } from '../engine/events.ts';
import type { DiffText } from './diff-text.ts';
import type { Environment } from './glyphs.ts';
import { JsonView } from './json-view.ts';
import { NdjsonView } from './ndjson-view.ts';
import { Outlet, type OutputStream } from './outlet.ts';
import type { WritePage } from './page-view.ts';
import { PlainView } from './plain-view.ts';
import { RunRecord } from './run-record.ts';
import { safeEvent } from './safe-event.ts';
import { Spill, type SpillFile } from './spill.ts';
import { SummaryView } from './summary-view.ts';
import type { View } from './view.ts';

/** `auto`: a live display on a terminal, else plain lines. */
export type OutputForm = 'auto' | 'plain' | 'json' | 'ndjson' | 'junit';

export interface ReporterOptions {
  readonly form: OutputForm;
  /** Draw what changes in files and live state. */
  readonly diff: boolean;
  /** 1: a line a task; 2: what tasks that were ok said, too. */
  readonly verbose: number;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** The command line that goes on with hosts that are left behind; null: there is none. */
  readonly resume?: () => string | null;
  /** Whether the command that runs takes `--limit` and `--check`; default: true. */
  readonly takesLimit?: boolean;
  /** Writes the run as a page of HTML when it is over; absent: no page is made. */
  readonly writePage?: WritePage;
  /** Where long texts wait for the end of the run; absent: in memory. */
  readonly spillFile?: SpillFile;
  /** How long nothing may be said without a terminal; 10 s unless given. */
  readonly heartbeatMs?: number;
  /** Says what the terminal can show; the process's own unless given. */
  readonly env?: Environment;
}

export interface Reporter {
  /**
   * Never throws and never waits.
   * @param at when it happened, in seconds since the run began; now, unless it is told again
   */
  emit(event: RunEvent, at?: number): void;
  /**
   * Prints the end of the run and puts the terminal back; resolves when all of it has left.
   * @throws what writing failed with, or a bug of a view; that nobody reads any more (EPIPE) is no
   * failure
   */
  close(): Promise<void>;
}

const HEARTBEAT_MS = 10_000;

/** Shows a run: all that is printed of it is made here, from its events. */
export function createReporter(options: ReporterOptions): Reporter {
  const stdout = new Outlet(options.stdout);
  const stderr = new Outlet(options.stderr);
  const record = new RunRecord(options.resume, options.takesLimit);
  // What isn't shown isn't loaded: views come when they are known, and events wait for them.
  const waiting: (readonly [RunEvent, number])[] = [];
  const beganMs = performance.now();
  const withContents = options.diff || options.writePage !== undefined;
  let views: readonly View[] | null = null;
  const opening = openViews(options, stdout, stderr, record).then((opened) => {
    views = opened;
    for (const [event, at] of waiting.splice(0)) show(event, at, opened);
  });

  const bugs: unknown[] = [];

  function show(event: RunEvent, at: number, opened: readonly View[]): void {
    // The engine is in the middle of something: a bug in a view must not reach it.
    try {
      const safe = safeEvent(event, withContents);
      record.note(safe);
      for (const view of opened) view.see(safe, at);
    } catch (error) {
      bugs.push(error);
    }
  }

  return {
    emit(event, at = (performance.now() - beganMs) / 1000) {
      if (views === null) waiting.push([event, at]);
      else show(event, at, views);
    },

    async close() {
      await opening;
      for (const view of views ?? []) await view.close();
      await Promise.all([stdout.flush(), stderr.flush()]);
      if (bugs.length > 0) throw bugs[0];
    },
  };
}

async function openViews(
  options: ReporterOptions,
  stdout: Outlet,
  stderr: Outlet,
  record: RunRecord,
): Promise<readonly View[]> {
  const { form, writePage, spillFile } = options;
  const spill = new Spill(spillFile);
  const people = form === 'auto' || form === 'plain' ? stdout : stderr;
  const diffText = options.diff ? await loadDiffText() : null;

  const summary = new SummaryView(people, record, diffText, spill);
  const display = await openDisplay(options, people, record);
  return [
    display,
    // It is written first: whoever leaves in a hurry waits for no terminal.
    ...(writePage === undefined ? [] : [await openPage(writePage, record, diffText, spill)]),
    summary,
    ...(form === 'json' ? [new JsonView(stdout, diffText, spill)] : []),
    ...(form === 'ndjson' ? [new NdjsonView(stdout, diffText, spill)] : []),
    ...(form === 'junit' ? [await openJunit(stdout, diffText, spill)] : []),
  ];
}

async function openPage(
  writePage: WritePage,
  record: RunRecord,
  diffText: DiffText | null,
  spill: Spill,
): Promise<View> {
  const { PageView } = await import('./page-view.ts');
  return new PageView(writePage, record, diffText ?? (await loadDiffText()), spill);
}

async function openJunit(stdout: Outlet, diffText: DiffText | null, spill: Spill): Promise<View> {
  const { JunitView } = await import('./junit-view.ts');
  return new JunitView(stdout, diffText, spill);
}

async function openDisplay(
  { form, stdout, verbose, heartbeatMs = HEARTBEAT_MS, env = process.env }: ReporterOptions,
  people: Outlet,
  record: RunRecord,
): Promise<View> {
  // Lines of ndjson on the same terminal would land inside the display.
  const isShared = form === 'ndjson' && stdout.isTTY === true;
  const isLive = form !== 'plain' && people.stream.isTTY === true && !isShared;
  const { TERM } = env;
  if (!isLive || TERM === 'dumb') {
    return new PlainView(people, record, verbose, heartbeatMs);
  }

  const { LiveView } = await import('./live-view.ts');
  return new LiveView(people, record, { verbose }, env);
}

async function loadDiffText(): Promise<DiffText> {
  const { DiffText } = await import('./diff-text.ts');
  return new DiffText();
}
