import type {
  ChangeRecord,
  HostKind,
  HostStatus,
  RunEvent,
  TaskEnd,
  TaskStatus,
} from '../engine/events.ts';
import type { Data } from '../source/data.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import { escapeControls } from '../source/escape-controls.ts';
import type { DiffText } from './diff-text.ts';
import type { Stop } from './run-record.ts';

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
  readonly tasks: JsonTask[];
  status: HostStatus | null;
  error: JsonHost['error'];
}

/** Gathers the events of a run into its document. */
export class JsonDocumentBuilder {
  readonly #hosts = new Map<string, OpenHost>();
  readonly #diffText: DiffText | null;
  #xpush = '';
  #isCheck = false;
  #proof: Data | undefined;
  #stop: Stop | undefined;

  /** @param diffText draws the diffs; null leaves the key `diff` out */
  constructor(diffText: DiffText | null) {
    this.#diffText = diffText;
  }

  /** The document when the event is the last one, else null. */
  add(event: RunEvent): JsonDocument | null {
    switch (event.event) {
      case 'run_start':
        this.#xpush = event.xpush;
        this.#isCheck = event.check;
        for (const { name, kind } of event.hosts) this.#open(name, kind);
        return null;
      case 'task':
        this.#open(event.host, 'host').tasks.push(this.task(event));
        return null;
      case 'host_end': {
        const host = this.#open(event.host, event.kind);
        host.status = event.status;
        host.error = event.error;
        return null;
      }
      case 'verified':
        this.#proof = event.document;
        return null;
      case 'batch': {
        const { play, batch, batches, message, status } = event;
        if (status === 'stopped') this.#stop = { play, batch, batches, message };
        return null;
      }
      case 'run_end':
        return this.#finish(event.exit, event.seconds);
      default:
        return null;
    }
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

    const host: OpenHost = { kind, tasks: [], status: null, error: null };
    this.#hosts.set(name, host);
    return host;
  }

  #finish(exit: number, seconds: number): JsonDocument {
    // fromEntries defines own properties, so that a host named __proto__ is only a host.
    const hosts = Object.fromEntries(
      Array.from(this.#hosts, ([name, host]) => [name, finishedHost(host)]),
    );
    return {
      schema: 1,
      xpush: this.#xpush,
      check: this.#isCheck,
      exit,
      seconds: roundedSeconds(seconds),
      hosts,
      recap: countStatuses(Object.values(hosts)),
      ...(this.#stop === undefined ? {} : { stopped: this.#stop }),
      ...(this.#proof === undefined ? {} : { verify: this.#proof }),
    };
  }
}

/** Hundredths are enough for anybody. */
export function roundedSeconds(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}

function finishedHost({ kind, status, error, tasks }: OpenHost): JsonHost {
  if (status !== null) return { kind, status, error, tasks };

  const message = 'the run ended before this host was done';
  return { kind, status: 'skipped', error: { message, hint: null }, tasks };
}

function countStatuses(hosts: readonly JsonHost[]): Record<HostStatus, number> {
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
  for (const { status } of hosts) recap[status] += 1;
  return recap;
}
