import type {
  Batch,
  ChangeRecord,
  HostKind,
  HostStatus,
  Message,
  RunEnd,
  RunEvent,
  RunHost,
  RunStart,
  TaskEnd,
  TaskStatus,
  Verified,
} from '../engine/events.ts';
import type { DiffText } from './diff-text.ts';
import type { Kept, Spill } from './spill.ts';

/** All that a run did, host by host, for views that are drawn when it has ended. */
export interface StoryHost {
  readonly name: string;
  readonly kind: HostKind;
  readonly dom0: string | null;
  readonly addresses: readonly string[];
  /** null: it did not end. */
  readonly status: HostStatus | null;
  readonly error: { readonly message: string; readonly hint: string | null } | null;
  /** Since the run began; null: it was never begun. */
  readonly startedAt: number | null;
  readonly seconds: number | null;
  readonly tasks: readonly StoryTask[];
}

export interface StoryTask {
  readonly play: string;
  readonly task: string;
  readonly step: string;
  readonly status: TaskStatus;
  /** From the host's last event to this one. */
  readonly seconds: number;
  readonly pending: readonly string[];
  readonly message: Kept | null;
  readonly changes: readonly StoryChange[];
}

export interface StoryChange {
  readonly kind: ChangeRecord['kind'];
  readonly subject: string;
  /** null: there is no text to compare. */
  readonly diff: Kept | null;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

interface OpenHost extends Writable<StoryHost> {
  readonly tasks: StoryTask[];
  /** When it was last heard of. */
  heardAt: number;
}

/** Gathers a run from its escaped events; what is long of it is put away. */
export class RunStory {
  readonly #hosts = new Map<string, OpenHost>();
  readonly #diffText: DiffText | null;
  readonly #spill: Spill;
  readonly batches: Batch[] = [];
  readonly messages: Message[] = [];
  start: RunStart | null = null;
  end: RunEnd | null = null;
  proof: Verified | null = null;

  /** @param diffText null: no diffs */
  constructor(diffText: DiffText | null, spill: Spill) {
    this.#diffText = diffText;
    this.#spill = spill;
  }

  get isCheck(): boolean {
    return this.start?.check === true;
  }

  /** In inventory order. */
  get hosts(): readonly StoryHost[] {
    return [...this.#hosts.values()];
  }

  /** A text of a task. */
  async text(kept: Kept | null): Promise<string | null> {
    return kept === null ? null : this.#spill.read(kept);
  }

  /** @param at seconds since the run began */
  note(event: RunEvent, at: number): void {
    switch (event.event) {
      case 'run_start':
        this.start = event;
        this.#openAll(event.hosts);
        break;
      case 'hosts_added':
        this.#openAll(event.hosts);
        break;
      case 'host_start': {
        const host = this.#open(event.host, event.kind);
        host.startedAt = at;
        host.heardAt = at;
        break;
      }
      case 'task':
        this.#noteTask(event, at);
        break;
      case 'host_end': {
        const host = this.#open(event.host, event.kind);
        host.status = event.status;
        host.error = event.error;
        host.seconds = event.seconds;
        break;
      }
      case 'batch':
        this.batches.push(event);
        break;
      case 'message':
        this.messages.push(event);
        break;
      case 'verified':
        this.proof = event;
        break;
      case 'run_end':
        this.end = event;
        break;
      default:
        break;
    }
  }

  #openAll(hosts: readonly RunHost[]): void {
    for (const { name, kind, dom0, addresses } of hosts) {
      Object.assign(this.#open(name, kind), { dom0, addresses });
    }
  }

  #noteTask(event: TaskEnd, at: number): void {
    const host = this.#open(event.host, 'host');
    const { play, task, step, status, pending, message, changes } = event;
    host.tasks.push({
      ...{ play, task, step, status, pending },
      message: message?.trim() === '' ? message : this.#keep(message),
      seconds: Math.max(0, at - host.heardAt),
      changes: changes.map((change) => ({
        kind: change.kind,
        subject: change.subject,
        diff: this.#keep(this.#diffText?.of(change) ?? null),
      })),
    });
    host.heardAt = at;
  }

  #keep(text: string | null): Kept | null {
    return text === null ? null : this.#spill.keep(text);
  }

  #open(name: string, kind: HostKind): OpenHost {
    const known = this.#hosts.get(name);
    if (known !== undefined) return known;
    const host: OpenHost = {
      ...{ name, kind, dom0: null, addresses: [], status: null, error: null },
      ...{ startedAt: null, seconds: null, tasks: [], heardAt: 0 },
    };
    this.#hosts.set(name, host);
    return host;
  }
}
