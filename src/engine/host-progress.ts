import type { Host } from '../inventory/model.ts';
import { countsAsBad, isGood, type Tally } from './budget.ts';
import type { HostStatus } from './events.ts';
import type { LegError } from './leg-options.ts';
import type { PlannedLeg } from './legs.ts';

/** How far a host is. */
export interface HostProgress {
  readonly host: Host;
  readonly legsLeft: number;
  /** On the clock of performance.now; null: not begun. */
  readonly startedMs: number | null;
  readonly status: HostStatus;
  readonly error: LegError | null;
}

/** How a leg ended, or why it was not begun. */
export interface LegEnd {
  readonly status: HostStatus;
  readonly error: LegError | null;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The hosts of a run, how far each is, and how many of each sequence ended badly. */
export class Progress {
  readonly #hosts = new Map<string, Writable<HostProgress>>();
  readonly #begun = new Map<number, Set<string>>();
  readonly #bad = new Map<number, Set<string>>();

  constructor(legs: readonly PlannedLeg[]) {
    this.add(legs);
  }

  /** More legs; gives the hosts that had none before. */
  add(legs: readonly PlannedLeg[]): readonly Host[] {
    const fresh: Host[] = [];
    for (const { host } of legs) {
      const known = this.#hosts.get(host.name);
      if (known !== undefined) known.legsLeft += 1;
      else {
        const unbegun = { startedMs: null, status: 'ok', error: null } as const;
        this.#hosts.set(host.name, { host, legsLeft: 1, ...unbegun });
        fresh.push(host);
      }
    }
    return fresh;
  }

  get hosts(): Iterable<HostProgress> {
    return this.#hosts.values();
  }

  get statuses(): readonly HostStatus[] {
    return [...this.#hosts.values()].map(({ status }) => status);
  }

  /** undefined: the host has no part in the run. */
  of(name: string): HostProgress | undefined {
    return this.#hosts.get(name);
  }

  /** Of all legs of a sequence that were begun. */
  tally(sequence: number): Tally {
    const sizeOf = (hosts: Set<string> | undefined): number => hosts?.size ?? 0;
    return { begun: sizeOf(this.#begun.get(sequence)), bad: sizeOf(this.#bad.get(sequence)) };
  }

  /** Gives whether it is the first of the host's legs. */
  begin({ host, sequence }: PlannedLeg, nowMs: number): boolean {
    add(this.#begun, sequence, host.name);
    const progress = this.#get(host.name);
    const isFirst = progress.startedMs === null;
    progress.startedMs ??= nowMs;
    return isFirst;
  }

  /** A leg ended; gives how its host stands then. `wasBegun`: or it was passed over. */
  end({ host, sequence }: PlannedLeg, { status, error }: LegEnd, wasBegun: boolean): HostProgress {
    const progress = this.#get(host.name);
    progress.legsLeft -= 1;
    if (isGood(progress.status) && status !== 'ok') progress.status = status;
    progress.error ??= error;
    if (wasBegun && countsAsBad(status)) add(this.#bad, sequence, host.name);
    return progress;
  }

  /** Nothing more comes for the host. */
  giveUp(name: string, { status, error }: LegEnd): HostProgress {
    const progress = this.#get(name);
    progress.legsLeft = 0;
    progress.status = status;
    progress.error = error;
    return progress;
  }

  #get(name: string): Writable<HostProgress> {
    const progress = this.#hosts.get(name);
    if (progress === undefined) throw new Error(`a leg of an unknown host: ${name}`);
    return progress;
  }
}

function add(sets: Map<number, Set<string>>, sequence: number, name: string): void {
  const set = sets.get(sequence);
  if (set === undefined) sets.set(sequence, new Set([name]));
  else set.add(name);
}
