import type { Activity, Batch, HostEnd, HostStatus, RunEvent } from '../engine/events.ts';

/** A host that is being worked on. */
export interface ActiveHost {
  readonly name: string;
  /** null: begun, and nothing heard yet. */
  readonly activity: Activity | null;
  /** When it began to do this, on the clock of `Fleet.note`. */
  readonly sinceMs: number;
}

/** A batch that is under way. */
export interface OpenBatch {
  readonly batch: Batch;
  /** Hosts of the batches before it. */
  readonly before: number;
}

// Enough for any display; the recap has them all.
const TROUBLES_KEPT = 20;

/**
 * The hosts of a run by what they are at. Every event costs the same, whatever the number of
 * hosts; only the active ones and the newest troubles are held.
 */
export class Fleet {
  readonly #active = new Map<string, ActiveHost>();
  readonly #ended = new Map<HostStatus, number>();
  readonly #troubles: HostEnd[] = [];
  /** Of each play, by its name. */
  readonly #batches = new Map<string, OpenBatch>();
  #total = 0;
  #done = 0;
  #troubled = 0;

  /** @param nowMs a monotonic clock */
  note(event: RunEvent, nowMs: number): void {
    switch (event.event) {
      case 'run_start':
        this.#total = event.hosts.length;
        break;
      case 'hosts_added':
        this.#total += event.hosts.length;
        break;
      case 'batch':
        this.#noteBatch(event);
        break;
      case 'host_start':
        this.#active.set(event.host, { name: event.host, activity: null, sinceMs: nowMs });
        break;
      case 'activity':
        this.#noteActivity(event, nowMs);
        break;
      case 'host_end':
        this.#noteEnd(event);
        break;
      default:
        break;
    }
  }

  get total(): number {
    return this.#total;
  }

  get running(): number {
    return this.#active.size;
  }

  get waiting(): number {
    return Math.max(0, this.#total - this.#active.size - this.#done);
  }

  get done(): number {
    return this.#done;
  }

  ended(status: HostStatus): number {
    return this.#ended.get(status) ?? 0;
  }

  /** The newest of the batches that are under way; undefined: none is. */
  get batch(): OpenBatch | undefined {
    return [...this.#batches.values()].at(-1);
  }

  /** The hosts at work for longest. */
  oldest(most: number): readonly ActiveHost[] {
    const oldest: ActiveHost[] = [];
    for (const host of this.#active.values()) {
      if (oldest.length === most) break;
      oldest.push(host);
    }
    return oldest;
  }

  /** The hosts that ended badly last, newest first. */
  newestTroubles(most: number): readonly HostEnd[] {
    return this.#troubles.slice(0, most);
  }

  /** How many hosts ended badly. */
  get troubled(): number {
    return this.#troubled;
  }

  #noteBatch(batch: Batch): void {
    const { play, status } = batch;
    if (status !== 'start') {
      if (status === 'stopped' || batch.batch === batch.batches) this.#batches.delete(play);
      return;
    }
    const last = this.#batches.get(play);
    const before = last === undefined ? 0 : last.before + last.batch.hosts.length;
    this.#batches.delete(play);
    this.#batches.set(play, { batch, before });
  }

  #noteActivity(event: Activity, nowMs: number): void {
    const known = this.#active.get(event.host);
    if (known === undefined) return;

    const { activity } = known;
    const isSame = activity?.doing === event.doing && activity.task === event.task;
    this.#active.set(event.host, {
      name: event.host,
      activity: event,
      sinceMs: isSame ? known.sinceMs : nowMs,
    });
  }

  #noteEnd(event: HostEnd): void {
    this.#active.delete(event.host);
    this.#done += 1;
    this.#ended.set(event.status, this.ended(event.status) + 1);
    if (!isTrouble(event.status)) return;

    this.#troubled += 1;
    this.#troubles.unshift(event);
    this.#troubles.length = Math.min(this.#troubles.length, TROUBLES_KEPT);
  }
}

/** Whether people have to look at a host that ended so. */
function isTrouble(status: HostStatus): boolean {
  return status !== 'ok' && status !== 'changed' && status !== 'skipped';
}
