import type { Change } from '../host/change.ts';
import type { RunIdentity } from '../host/run-identity.ts';
import type { Data } from '../source/data.ts';

/**
 * Everything that happens in a run. The engine emits these and prints nothing; displays, logs, JSON,
 * recap and exit code are views of them. Texts that came from a host are as the host sent them:
 * views escape them (escapeControls).
 */
export type RunEvent =
  | RunStart
  | HostsAdded
  | Phase
  | Batch
  | HostStart
  | Activity
  | TaskEnd
  | HostEnd
  | Message
  | Verified
  | RunEnd;

export type HostKind = 'dom0' | 'domU' | 'host';

/** How a host ended; each host has exactly one. */
export type HostStatus =
  | 'ok'
  | 'changed'
  | 'failed'
  | 'unreachable'
  | 'rolled_back'
  | 'needs_human'
  | 'busy'
  | 'skipped';

/** How a task ended on a host; `unknown`: can't be told before it is applied (check only). */
export type TaskStatus = 'ok' | 'changed' | 'failed' | 'skipped' | 'unknown';

export interface RunStart {
  readonly event: 'run_start';
  /** Version of xpush. */
  readonly xpush: string;
  /** Who runs it, and under which name. */
  readonly run: RunIdentity;
  readonly check: boolean;
  /** All hosts of the run, in inventory order, as far as they are known when it begins. */
  readonly hosts: readonly RunHost[];
}

/** More hosts take part: who they are was not known when the run began. */
export interface HostsAdded {
  readonly event: 'hosts_added';
  readonly hosts: readonly RunHost[];
}

/** A host of a run, as far as views show it. */
export interface RunHost {
  readonly name: string;
  readonly kind: HostKind;
  /** The dom0 of a domU, else null. */
  readonly dom0: string | null;
  /** Where the controller connects to, then the addresses of a guest's vifs. */
  readonly addresses: readonly string[];
}

/** A stretch of the run as people see it (load, rollout, ...); at most ten in a run. */
export interface Phase {
  readonly event: 'phase';
  readonly name: string;
  readonly status: 'start' | 'done' | 'failed';
}

/** A share of a play's hosts that is rolled out before the next one is begun. */
export interface Batch {
  readonly event: 'batch';
  readonly play: string;
  /** From 1, of how many. */
  readonly batch: number;
  readonly batches: number;
  /** Hosts of all batches. */
  readonly total: number;
  readonly hosts: readonly string[];
  /** `stopped`: the rollout goes no further, and the message says why. */
  readonly status: 'start' | 'done' | 'stopped';
  readonly message: string | null;
}

export interface HostStart {
  readonly event: 'host_start';
  readonly host: string;
  readonly kind: HostKind;
}

/** What a host is doing now; for live displays only. */
export interface Activity {
  readonly event: 'activity';
  readonly host: string;
  readonly doing: 'connect' | 'look' | 'act' | 'wait' | 'confirm' | 'undo';
  /** Name of the current task; null while it is about all of them. */
  readonly task: string | null;
  /** Tasks of this host that ended, of how many. */
  readonly done: number;
  readonly total: number;
}

/** A change that was made, or in a check would be. */
export interface ChangeRecord {
  readonly kind: Change['kind'];
  /** What changes, in words: a path, `ip rules and routes`, `iptables filter`. */
  readonly subject: string;
  /** The path of a file; null for live state. */
  readonly path: string | null;
  /** Texts for a diff: '' is "not there", null "no text" (binary, too large, a command). */
  readonly before: string | null;
  readonly after: string | null;
}

export interface TaskEnd {
  readonly event: 'task';
  readonly host: string;
  readonly play: string;
  readonly task: string;
  readonly step: string;
  readonly status: TaskStatus;
  readonly changes: readonly ChangeRecord[];
  /** What waits for something outside the run, one sentence each. */
  readonly pending: readonly string[];
  /** Why it failed or was skipped, what a command printed, what to know; null for nothing. */
  readonly message: string | null;
}

export interface HostEnd {
  readonly event: 'host_end';
  readonly host: string;
  readonly kind: HostKind;
  readonly status: HostStatus;
  /** Why the host failed, was unreachable or skipped, and what to do about it. */
  readonly error: { readonly message: string; readonly hint: string | null } | null;
  readonly seconds: number;
}

export interface Message {
  readonly event: 'message';
  readonly level: 'info' | 'warning';
  readonly host: string | null;
  readonly text: string;
}

/** What a proof of the hosts' network came to, after all of them are done. */
export interface Verified {
  readonly event: 'verified';
  /** Whether all was proven. */
  readonly isRight: boolean;
  /** In a line. */
  readonly summary: string;
  /** For people, with what is wrong. */
  readonly text: string;
  /** For programs; its texts are escaped. */
  readonly document: Data;
}

export interface RunEnd {
  readonly event: 'run_end';
  readonly seconds: number;
  readonly exit: number;
  readonly interrupted: boolean;
}
