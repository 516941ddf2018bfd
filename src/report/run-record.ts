import type {
  Activity,
  Batch,
  HostEnd,
  HostKind,
  HostStatus,
  RunEnd,
  RunEvent,
  RunHost,
  TaskEnd,
  Verified,
} from '../engine/events.ts';

/** Where a rollout stopped, and why. */
export type Stop = Pick<Batch, 'play' | 'batch' | 'batches' | 'message'>;

type Proof = Pick<Verified, 'isRight' | 'summary'>;

/** What is known of one host. */
export interface HostRecord {
  readonly name: string;
  readonly kind: HostKind;
  readonly addresses: readonly string[];
  /** null: not finished. */
  readonly status: HostStatus | null;
  /** Whether xpush set out for it. */
  readonly hasBegun: boolean;
  /** Whether changes were sent to it. */
  readonly hasActed: boolean;
  readonly error: HostEnd['error'];
  readonly tasks: number;
  readonly changed: number;
  /** Tasks that failed; what they did before is not always known. */
  readonly failed: number;
  /** Tasks that can't be told before they are applied. */
  readonly unknown: number;
  readonly pending: readonly string[];
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

const isActing: ReadonlySet<Activity['doing']> = new Set(['act', 'confirm', 'undo']);

/** What a run came to, for the recap; small, whatever the number of tasks. */
export class RunRecord {
  readonly #resume: () => string | null;
  /** Whether the command that ran takes `--limit` and `--check`. */
  readonly takesLimit: boolean;
  readonly #hosts = new Map<string, Writable<HostRecord>>();
  readonly #remarks = new Map<string, Set<string>>();
  #isCheck = false;
  #end: RunEnd | null = null;
  #proof: Proof | null = null;
  #stop: Stop | null = null;

  get isCheck(): boolean {
    return this.#isCheck;
  }

  /** @param resume the command line that goes on with hosts that are left behind; null: none */
  constructor(resume: () => string | null = () => null, takesLimit = true) {
    this.#resume = resume;
    this.takesLimit = takesLimit;
  }

  get resume(): string | null {
    return this.#resume();
  }

  /** null: the run hasn't ended, or broke off. */
  get end(): RunEnd | null {
    return this.#end;
  }

  /** null: there was no proof. */
  get proof(): Proof | null {
    return this.#proof;
  }

  /** null: the rollout went through, or to where it was interrupted. */
  get stop(): Stop | null {
    return this.#stop;
  }

  /** In inventory order. */
  get hosts(): readonly HostRecord[] {
    return [...this.#hosts.values()];
  }

  /** What was told of hosts on the way, and of which. */
  get remarks(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#remarks;
  }

  host(name: string): HostRecord | undefined {
    return this.#hosts.get(name);
  }

  note(event: RunEvent): void {
    switch (event.event) {
      case 'run_start':
        this.#isCheck = event.check;
        this.#openAll(event.hosts);
        break;
      case 'hosts_added':
        this.#openAll(event.hosts);
        break;
      case 'host_start':
        this.#open(event.host, event.kind).hasBegun = true;
        break;
      case 'activity':
        if (isActing.has(event.doing)) this.#open(event.host, 'host').hasActed = true;
        break;
      case 'batch':
        if (event.status === 'stopped') this.#stop = event;
        break;
      case 'task':
        this.#noteTask(event);
        break;
      case 'host_end': {
        const host = this.#open(event.host, event.kind);
        host.status = event.status;
        host.error = event.error;
        break;
      }
      case 'message':
        if (event.host !== null) {
          const hosts = this.#remarks.get(event.text) ?? new Set();
          this.#remarks.set(event.text, hosts.add(event.host));
        }
        break;
      case 'verified':
        this.#proof = { isRight: event.isRight, summary: event.summary };
        break;
      case 'run_end':
        this.#end = event;
        break;
      default:
        break;
    }
  }

  #openAll(hosts: readonly RunHost[]): void {
    for (const { name, kind, addresses } of hosts) this.#open(name, kind).addresses = addresses;
  }

  #noteTask(task: TaskEnd): void {
    const host = this.#open(task.host, 'host');
    host.tasks += 1;
    if (task.status === 'changed') host.changed += 1;
    if (task.status === 'failed') host.failed += 1;
    if (task.status === 'unknown') host.unknown += 1;
    if (task.pending.length > 0) host.pending = [...host.pending, ...task.pending];
  }

  #open(name: string, kind: HostKind): Writable<HostRecord> {
    const known = this.#hosts.get(name);
    if (known !== undefined) return known;

    const host = {
      name,
      kind,
      addresses: [],
      status: null,
      hasBegun: false,
      hasActed: false,
      error: null,
      tasks: 0,
      changed: 0,
      failed: 0,
      unknown: 0,
      pending: [],
    };
    this.#hosts.set(name, host);
    return host;
  }
}
