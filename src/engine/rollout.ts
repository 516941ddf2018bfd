import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionError } from '../connection/transport.ts';
import type { Host } from '../inventory/model.ts';
import { BatchGate } from './batch-gate.ts';
import { BatchNews, type BatchStatus } from './batch-news.ts';
import { exceeded } from './budget.ts';
import type { Activity, HostStatus } from './events.ts';
import type { GrowingFleet } from './growing-fleet.ts';
import { type HostProgress, type LegEnd, Progress } from './host-progress.ts';
import { endOfBug, LegEnds } from './leg-ends.ts';
import { runLeg } from './leg-run.ts';
import { LegSetup } from './leg-setup.ts';
import type { PlannedLeg } from './legs.ts';
import { runHost } from './run-host.ts';
import type { RunRequest } from './run-request.ts';
import { type BatchOf, Schedule } from './schedule.ts';
import type { Sequence } from './sequences.ts';
import type { Stage } from './stages.ts';
import { ToldByHosts } from './told.ts';
import { Undoing } from './undoing.ts';

/** How long hosts that are left may take to say how they are left. */
const partingMs = 300;

/** The stages of a run: the first one, and one after the other those behind it; null: no more come. */
export interface Stages {
  readonly first: Stage;
  readonly next: () => Promise<Stage | null>;
}

/** Runs legs as the schedule lets them, and stops where the failure limit or a proof says so. */
export class Rollout {
  /** What a leg threw that no leg should. */
  readonly bugs: unknown[] = [];
  readonly #request: RunRequest;
  readonly #fleet: GrowingFleet;
  readonly #next: Stages['next'];
  /** Those of all stages by now. */
  #sequences: readonly Sequence[];
  #schedule: Schedule;
  #isLastStage: boolean;
  /** The next stage is being laid out. */
  #isBetween = false;
  readonly #progress: Progress;
  readonly #told = new ToldByHosts();
  readonly #undoing = new Undoing();
  readonly #ends: LegEnds;
  readonly #gate: BatchGate;
  readonly #news: BatchNews;
  readonly #setup: LegSetup;
  /** Aborted by an interrupt, or when the rollout stops: no changes are begun any more. */
  readonly #halt = new AbortController();
  #wasStopped = false;
  /** The operator leaves: how hosts are left is said before the end. */
  #isLeaving = false;
  #hasLeft = false;
  readonly #ended = new Set<string>();
  /** Batches that are over, and whose followers may not begin yet. */
  #closing = 0;
  #resolve: () => void = () => {};

  /** @param prove whether these hosts, which are done, are proven */
  constructor(
    request: RunRequest,
    fleet: GrowingFleet,
    { first, next }: Stages,
    prove: (hosts: readonly Host[]) => Promise<boolean>,
  ) {
    const { legs, sequences, inventory, isLast } = first;
    this.#request = request;
    this.#fleet = fleet;
    this.#next = next;
    this.#sequences = sequences;
    this.#schedule = new Schedule(legs, sequences, inventory, request.forks);
    this.#isLastStage = isLast;
    this.#progress = new Progress(legs);
    const mayProve = request.verify === undefined ? null : prove;
    this.#gate = new BatchGate(this.#progress, mayProve, (bug) => this.bugs.push(bug));
    this.#told.turn(legs);
    this.#news = new BatchNews(request.emit);
    const halt = this.#halt.signal;
    this.#setup = new LegSetup(request, fleet, this.#told, halt);
    this.#setup.expect(legs, isLast);
    const wasStopped = (): boolean => this.#wasStopped;
    this.#ends = new LegEnds(this.#progress, this.#undoing, {
      isCheck: request.check,
      get isHalted() {
        return halt.aborted;
      },
      get wasStopped() {
        return wasStopped();
      },
    });
  }

  get statuses(): readonly HostStatus[] {
    return this.#progress.statuses;
  }

  /** Whether it ended before its last hosts, for the sake of those before them. */
  get wasStopped(): boolean {
    return this.#wasStopped;
  }

  /** Resolves when all is over, or when the operator leaves. */
  finish(): Promise<void> {
    const { stopping, leaving } = this.#request;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      onAbort(stopping, () => this.#halt.abort());
      onAbort(leaving, () => void this.#leave());
      for (const sequence of this.#sequences.keys()) this.#announce({ sequence, batch: 0 });
      this.#goOn();
    });
  }

  /** Starts what may start. */
  #goOn(): void {
    do {
      for (let leg = this.#schedule.start(); leg !== null; leg = this.#schedule.start()) {
        const reason = this.#ends.ofSkipped(leg.host);
        if (reason !== null) this.#end(leg, reason, false);
        else void this.#runOne(leg).then(() => this.#goOn());
      }
    } while (this.#closeBatches());
    const isOver = this.#schedule.isOver && this.#closing === 0 && !this.#isBetween;
    if (isOver && !this.#isLeaving) void this.#goOnBehind();
  }

  /** What follows once all plays that were laid out are over. */
  async #goOnBehind(): Promise<void> {
    if (this.#isLastStage) {
      this.#resolve();
      return;
    }
    this.#isBetween = true;
    const stage = await this.#nextStage();
    this.#isBetween = false;
    if (this.#hasLeft) return;
    this.#isLastStage = stage?.isLast ?? true;
    if (stage !== null) this.#begin(stage);
    if (this.#isLastStage) {
      const idle = [...this.#progress.hosts].filter(({ legsLeft }) => legsLeft === 0);
      for (const host of idle) this.#endHost(host);
    }
    this.#goOn();
  }

  async #nextStage(): Promise<Stage | null> {
    try {
      return await this.#next();
    } catch (error) {
      this.bugs.push(error);
      return null;
    }
  }

  #begin({ legs, sequences, inventory, isLast }: Stage): void {
    this.#setup.expect(legs, isLast);
    const before = this.#sequences.length;
    this.#sequences = [...this.#sequences, ...sequences];
    this.#schedule = new Schedule(legs, this.#sequences, inventory, this.#request.forks);
    this.#told.turn(legs);
    const hosts = this.#progress.add(legs).map(runHost);
    if (hosts.length > 0) this.#request.emit({ event: 'hosts_added', hosts });
    for (const sequence of sequences.keys()) {
      this.#announce({ sequence: before + sequence, batch: 0 });
    }
  }

  async #runOne(leg: PlannedLeg): Promise<void> {
    const { emit, transport, endpointOf } = this.#request;
    const { host, at = host } = leg;
    if (this.#progress.begin(leg, performance.now())) {
      emit({ event: 'host_start', host: host.name, kind: host.kind });
    }
    try {
      const result = await runLeg(
        { ...leg, host: at },
        this.#setup.optionsOf(leg, this.#sequences[leg.sequence]),
        (signal, first) => transport.connect(endpointOf(at, this.#fleet.inventory), signal, first),
      );
      this.#told.keep(leg, result.known);
      if (result.undoesItselfWithinSeconds !== null) this.#tell(leg, 'undo');
      this.#end(leg, this.#ends.ofResult(host, result), true);
    } catch (error) {
      const isBug = !(error instanceof ConnectionError);
      if (isBug) this.bugs.push(error);
      this.#end(leg, isBug ? endOfBug(error) : this.#ends.ofConnectionError(host, error), true);
    }
  }

  #end(leg: PlannedLeg, end: LegEnd, wasBegun: boolean): void {
    if (this.#hasLeft) return; // its host was ended with all others
    const progress = this.#progress.end(leg, end, wasBegun);
    this.#schedule.end(leg);
    if (progress.legsLeft === 0 && this.#isLastStage) this.#endHost(progress);
    else this.#tell(leg, 'wait');
    const limit = this.#sequences[leg.sequence]?.limit ?? null;
    if (limit === null || this.#schedule.isOver) return;
    const why = exceeded(limit, this.#progress.tally(leg.sequence));
    if (why !== null) this.#stop(this.#schedule.batchOf(leg), why);
  }

  #endHost({ host, status, error, startedMs }: HostProgress): void {
    if (this.#ended.has(host.name)) return;
    this.#ended.add(host.name);
    this.#told.forget(host);
    const seconds = startedMs === null ? 0 : Math.round(performance.now() - startedMs) / 1000;
    const { name, kind } = host;
    this.#request.emit({ event: 'host_end', host: name, kind, status, error, seconds });
  }

  #tell({ host, tasks }: PlannedLeg, doing: Activity['doing']): void {
    const total = tasks.length;
    const about = { event: 'activity', task: null, done: 0 } as const;
    this.#request.emit({ ...about, host: host.name, doing, total });
  }

  /** What follows from batches that are over; gives whether more legs may start now. */
  #closeBatches(): boolean {
    let hasOpened = false;
    for (const over of this.#schedule.takeOver()) {
      const isLast = over.batch + 1 === this.#sequences[over.sequence]?.batches.length;
      if (isLast || this.#halt.signal.aborted) {
        if (!this.#halt.signal.aborted) this.#tellBatch(over, 'done', null);
        if (!isLast) this.#schedule.openNext(over.sequence);
        hasOpened ||= !isLast;
        continue;
      }
      this.#closing += 1;
      void this.#close(over).then(() => {
        this.#closing -= 1;
        this.#schedule.openNext(over.sequence);
        this.#goOn();
      });
    }
    return hasOpened;
  }

  /** Between two batches: whether the next one may begin, and when. */
  async #close(over: BatchOf): Promise<void> {
    const sequence = this.#sequences[over.sequence];
    const why = sequence === undefined ? null : await this.#gate.whyClosed(sequence, over.batch);
    if (why !== null) this.#stop(over, why);
    else if (!this.#halt.signal.aborted) this.#tellBatch(over, 'done', null);
    if (sequence !== undefined) await this.#news.pause(sequence, over.batch, this.#halt.signal);
    if (!this.#halt.signal.aborted) this.#announce({ ...over, batch: over.batch + 1 });
  }

  /** Nothing new is begun, and what has not begun to change is left as it is. */
  #stop(at: BatchOf, why: string): void {
    if (this.#halt.signal.aborted) return;
    this.#wasStopped = true;
    this.#tellBatch(at, 'stopped', why);
    this.#halt.abort();
  }

  #announce(batch: BatchOf): void {
    this.#tellBatch(batch, 'start', null);
  }

  #tellBatch({ sequence, batch }: BatchOf, status: BatchStatus, message: string | null): void {
    const of = this.#sequences[sequence];
    if (of !== undefined) this.#news.tell(of, batch, status, message);
  }

  /** The second interrupt: what is under way says in a moment how it is left. */
  async #leave(): Promise<void> {
    this.#isLeaving = true;
    this.#halt.abort();
    this.#goOn(); // who has not begun is passed over
    const isOver = (): boolean => this.#schedule.isOver;
    const until = performance.now() + partingMs;
    while (!isOver() && performance.now() < until) await sleep(10);
    this.#hasLeft = true;
    for (const progress of [...this.#progress.hosts]) {
      const { host, legsLeft, startedMs } = progress;
      if (legsLeft === 0) {
        this.#endHost(progress);
        continue;
      }
      const message =
        startedMs === null
          ? 'interrupted before it began'
          : 'left in the middle: it stops before its next change';
      const status = startedMs === null ? 'skipped' : 'failed';
      this.#endHost(this.#progress.giveUp(host.name, { status, error: { message, hint: null } }));
    }
    const text = this.#undoing.inWords();
    if (text !== null) this.#request.emit({ event: 'message', level: 'warning', host: null, text });
    this.#resolve();
  }
}

function onAbort(signal: AbortSignal, listener: () => void): void {
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true });
}
