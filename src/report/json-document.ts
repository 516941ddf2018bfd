import type {
  ChangeRecord,
  HostKind,
  HostStatus,
  RunEnd,
  RunEvent,
  TaskEnd,
  TaskStatus,
} from '../engine/events.ts';
import type { Data } from '../source/data.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import { escapeControls } from '../source/escape-controls.ts';
import type { DiffText } from './diff-text.ts';
import type { Stop } from './run-record.ts';
import type { Kept, Spill } from './spill.ts';

/** What `-o json` prints: the contract with other programs. */
export interface JsonDocument {
  readonly schema: 1;
  readonly xpush: string;
  readonly check: boolean;
  readonly exit: number;
  readonly seconds: number;
  readonly hosts: Readonly<Record<string, JsonHost>>;
  readonly recap: Readonly<Record<HostStatus, number>>;
  /** Where the rollout stopped, and why; only when it did. */
  readonly stopped?: Stop;
  /** The document of `xpush verify`; only after a proof. */
  readonly verify?: Data;
}

export interface JsonHost {
  readonly kind: HostKind;
  readonly status: HostStatus;
  readonly error: { readonly message: string; readonly hint: string | null } | null;
  readonly tasks: readonly JsonTask[];
}

export interface JsonTask {
  readonly play: string;
  readonly task: string;
  readonly step: string;
  readonly status: TaskStatus;
  readonly pending: readonly string[];
  readonly changes: readonly JsonChange[];
  readonly message: string | null;
}

/** `path` for files, `subject` for live state; `diff` only where diffs were asked for. */
export type JsonChange = { readonly kind: ChangeRecord['kind']; readonly diff?: string | null } & (
  | { readonly path: string }
  | { readonly subject: string }
);

/** What exit 2 prints on standard output with `-o json` and `-o ndjson`. */
export interface JsonErrors {
  readonly schema: 1;
  readonly exit: 2;
  readonly errors: readonly {
    readonly file: string | null;
    readonly line: number | null;
    readonly column: number | null;
    readonly message: string;
    readonly hint: string | null;
  }[];
}

/** The document of a run that never began, from everything that is wrong with its input. */
export function errorDocument(diagnostics: readonly Diagnostic[]): JsonErrors {
  return {
    schema: 1,
    exit: 2,
    errors: diagnostics.map(({ position, message, hint }) => ({
      file: position === null ? null : escapeControls(position.file),
      line: position?.line ?? null,
      column: position?.column ?? null,
      message: escapeControls(message),
      hint: hint === null ? null : escapeControls(hint),
    })),
  };
}

interface OpenHost {
  readonly kind: HostKind;
  /** Of a host that has not ended. */
  readonly tasks: JsonTask[];
  /** JSON of tasks, with commas between them. */
  readonly kept: Kept[];
  status: HostStatus | null;
  error: JsonHost['error'];
}

/** Gathers the events of a run into its document; tasks of hosts that ended are put away. */
export class JsonDocumentBuilder {
  readonly #hosts = new Map<string, OpenHost>();
  readonly #diffText: DiffText | null;
  readonly #spill: Spill;
  #xpush = '';
  #isCheck = false;
  #proof: Data | undefined;
  #stop: Stop | undefined;
  #end: RunEnd | null = null;

  /** @param diffText draws the diffs; null leaves the key `diff` out */
  constructor(diffText: DiffText | null, spill: Spill) {
    this.#diffText = diffText;
    this.#spill = spill;
  }

  /** Whether the last event came: there is no document before. */
  get hasEnded(): boolean {
    return this.#end !== null;
  }

  add(event: RunEvent): void {
    switch (event.event) {
      case 'run_start':
        this.#xpush = event.xpush;
        this.#isCheck = event.check;
        for (const { name, kind } of event.hosts) this.#open(name, kind);
        break;
      case 'hosts_added':
        for (const { name, kind } of event.hosts) this.#open(name, kind);
        break;
      case 'task':
        this.#open(event.host, 'host').tasks.push(this.task(event));
        break;
      case 'host_end': {
        const host = this.#open(event.host, event.kind);
        host.status = event.status;
        host.error = event.error;
        this.#putAway(host);
        break;
      }
      case 'verified':
        this.#proof = event.document;
        break;
      case 'batch': {
        const { play, batch, batches, message, status } = event;
        if (status === 'stopped') this.#stop = { play, batch, batches, message };
        break;
      }
      case 'run_end':
        this.#end = event;
        break;
      default:
        break;
    }
  }

  /** The document, a host at a time. @param blanks of indentation; 0: all in one line */
  async *text(blanks: 0 | 2): AsyncGenerator<string> {
    const { exit = 0, seconds = 0 } = this.#end ?? {};
    const at = (depth: number): string => (blanks === 0 ? '' : `\n${' '.repeat(blanks * depth)}`);
    const members = (object: object): string =>
      blanks === 0
        ? JSON.stringify(object).slice(1, -1)
        : JSON.stringify(object, null, 2).slice(1, -2);
    yield `{${members({
      ...{ schema: 1, xpush: this.#xpush, check: this.#isCheck, exit },
      seconds: roundedSeconds(seconds),
    })},${at(1)}"hosts":${blanks === 0 ? '' : ' '}{`;
    const statuses: HostStatus[] = [];
    for (const name of inOrder(this.#hosts.keys())) {
      const host = await this.#finished(name);
      const json = JSON.stringify(host, null, blanks).replaceAll('\n', at(2));
      yield `${statuses.length === 0 ? '' : ','}${at(2)}${JSON.stringify(name)}:${blanks === 0 ? '' : ' '}${json}`;
      statuses.push(host.status);
    }
    yield `${statuses.length === 0 ? '' : at(1)}},${members({
      recap: countStatuses(statuses),
      ...(this.#stop === undefined ? {} : { stopped: this.#stop }),
      ...(this.#proof === undefined ? {} : { verify: this.#proof }),
    })}${at(0)}}`;
  }

  /** A task as the document has it. */
  task(task: TaskEnd): JsonTask {
    return {
      play: task.play,
      task: task.task,
      step: task.step,
      status: task.status,
      pending: task.pending,
      changes: task.changes.map((change) => this.#change(change)),
      message: task.message,
    };
  }

  #change(change: ChangeRecord): JsonChange {
    const diff = this.#diffText === null ? {} : { diff: this.#diffText.of(change) };
    return change.path === null
      ? { kind: change.kind, subject: change.subject, ...diff }
      : { kind: change.kind, path: change.path, ...diff };
  }

  #open(name: string, kind: HostKind): OpenHost {
    const known = this.#hosts.get(name);
    if (known !== undefined) return known;

    const host: OpenHost = { kind, tasks: [], kept: [], status: null, error: null };
    this.#hosts.set(name, host);
    return host;
  }

  #putAway({ tasks, kept }: OpenHost): void {
    if (tasks.length === 0) return;
    kept.push(this.#spill.keep(tasks.map((task) => JSON.stringify(task)).join(',')));
    tasks.length = 0;
  }

  async #finished(name: string): Promise<JsonHost> {
    const host = this.#open(name, 'host');
    this.#putAway(host);
    const texts: string[] = [];
    for (const kept of host.kept) texts.push(await this.#spill.read(kept));
    const tasks: readonly JsonTask[] = JSON.parse(`[${texts.join(',')}]`);
    const { kind, status, error } = host;
    if (status !== null) return { kind, status, error, tasks };
    const message = 'the run ended before this host was done';
    return { kind, status: 'skipped', error: { message, hint: null }, tasks };
  }
}

/** As JSON.stringify goes through an object: names that are whole numbers come first. */
function inOrder(names: Iterable<string>): readonly string[] {
  return Object.keys(Object.fromEntries(Array.from(names, (name) => [name, null])));
}

/** Hundredths are enough for anybody. */
export function roundedSeconds(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}

function countStatuses(statuses: readonly HostStatus[]): Record<HostStatus, number> {
  const recap: Record<HostStatus, number> = {
    ok: 0,
    changed: 0,
    failed: 0,
    unreachable: 0,
    rolled_back: 0,
    needs_human: 0,
    busy: 0,
    skipped: 0,
  };
  for (const status of statuses) recap[status] += 1;
  return recap;
}
