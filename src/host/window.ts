import type { Act } from './act-program.ts';
import type { RunIdentity } from './run-identity.ts';

/**
 * A change that undoes itself unless the controller comes back: what is made in it, for how long it
 * is waited for, and what helps to get back.
 */
export interface WindowPlan {
  /** `RUN-ID.N`: N counts the windows and generations of a run on one host, from 1. */
  readonly id: string;
  readonly identity: RunIdentity;
  /** In task order. Those of effect `boot` are staged, and put in place once it is confirmed. */
  readonly acts: readonly Act[];
  /** How long all changes together may take: then they are ended and undone. */
  readonly applySeconds: number;
  /** How long the host waits for the confirmation once all changes are made. */
  readonly confirmSeconds: number;
  /** What a host does that could not undo everything. */
  readonly onRollbackFailure: 'stay' | 'reboot' | 'open';
  /** The controller's address as the host sees it, which `open` lets in; null: any address. */
  readonly controller: string | null;
  /** Whether files may be changed in place where nothing could undo that at a boot. */
  readonly allowNoBootHook: boolean;
  /** Addresses that the host pings before it changes anything: see `compileHealth`. */
  readonly pings: readonly string[];
  readonly generation: GenerationText | null;
}

/** What undoes changes later, as it is kept on the host. */
export interface GenerationText {
  /** `RUN-ID.N`, as in `WindowPlan`. */
  readonly id: string;
  /** JSON. */
  readonly text: string;
  /** Of how many runs the host keeps them, the newest. */
  readonly keep: number;
}

/** For whom an act program changes something: it takes the host's lock. */
export interface Holder {
  readonly identity: RunIdentity;
  /** Kept before the first change; null: none of them can be undone later. */
  readonly generation: GenerationText | null;
}

/** What a decision is asked for. */
export interface DecisionPlan {
  readonly id: string;
  /**
   * `confirm`: keep what was changed. `undo`: do not wait for the deadline, or try again what could
   * not be undone. `forget`: a human has put the host in order; let go of a window that could not be
   * undone.
   */
  readonly decision: 'confirm' | 'undo' | 'forget';
  /** Why, for `undo`: one line, as people will read it. */
  readonly why: string;
  /** The run that goes on with this shell and keeps the lock; null: the lock ends with the window. */
  readonly identity: RunIdentity | null;
}

/** What a host says of windows and of the lock, without anything being touched. */
export interface WindowsState {
  readonly lock: LockState | null;
  /** The window that is not over; null: none. */
  readonly pending: PendingWindow | null;
  /** How the last one ended; null: nothing is known of any. */
  readonly last: LastWindow | null;
}

export interface LockState {
  readonly run: string;
  readonly by: string;
  readonly since: string;
  /** Nobody holds it any more: the next run takes it over. */
  readonly isStale: boolean;
}

export interface PendingWindow {
  readonly id: string;
  readonly run: string;
  readonly by: string;
  /**
   * `armed`: the changes are under way; `applied`: they are made, and the host waits; `rolling`: it
   * is undoing them, or could not (then `last` tells of the same id); `confirmed`: files for the next
   * boot are being put in place.
   */
  readonly state: 'armed' | 'applied' | 'rolling' | 'confirmed';
  /** Until the host undoes it by itself; 0 when that is over. */
  readonly secondsLeft: number;
  /** The host was booted since it was armed. */
  readonly hasRebooted: boolean;
  /** A process on the host sees to its end. */
  readonly isWatched: boolean;
}

export interface LastWindow {
  readonly id: string;
  readonly run: string;
  readonly by: string;
  readonly outcome: 'confirmed' | 'rolled_back' | 'incomplete';
  /** In words, one line; empty for `confirmed`. */
  readonly why: string;
  /** null: before the last boot, or nobody can tell. Hosts are not asked for the time of day. */
  readonly secondsAgo: number | null;
}

/** Another run holds the host, and nothing was changed. */
export interface Busy {
  readonly type: 'busy';
  readonly run: string;
  readonly by: string;
  readonly since: string;
  /** It waits for the decision on a window of that run. */
  readonly isPending: boolean;
}

/** What became of the section `lock`. */
export type LockResult =
  /** `note`: whose stale lock was taken over, one line. */
  | { readonly type: 'locked'; readonly note: string | null }
  | Busy
  | { readonly type: 'failed'; readonly message: string };

/** What became of the section `arm`. */
export type ArmResult =
  /** `note`: what people should know, such as that no boot hook is possible. */
  | { readonly type: 'armed'; readonly note: string | null }
  /** A file is not as it was planned from: nothing was changed, plan again. */
  | { readonly type: 'stale'; readonly message: string }
  /** Nothing was changed. */
  | { readonly type: 'failed'; readonly message: string };

/** The host is as it was before the window. */
export interface RolledBack {
  readonly type: 'rolled_back';
  readonly why: string;
}

/** The host could not undo everything: it needs a human. */
export interface Incomplete {
  readonly type: 'incomplete';
  readonly why: string;
  /** What is not as before: paths, `rules of IPv4`, `firewall (iptables-nft)`, ... */
  readonly parts: readonly string[];
}

/** What became of the section `window`: null in place of it when it is not there, or says nothing that we know. */
export type WindowResult =
  /** All changes are made; the host waits for the confirmation. */
  { readonly type: 'applied'; readonly secondsLeft: number } | RolledBack | Incomplete;

/** What became of the section `decision`. */
export type DecisionResult =
  | { readonly type: 'confirmed' }
  | RolledBack
  | Incomplete
  /** The host was undoing it, or had; for `undo`: it was confirmed before. */
  | { readonly type: 'too_late'; readonly message: string }
  | { readonly type: 'rebooted' }
  | { readonly type: 'not_applied' }
  /** No such window is known there. */
  | { readonly type: 'gone' }
  | Busy
  | { readonly type: 'failed'; readonly message: string };

/** Whether a host got an answer from each address that it pinged; an address that it could not try is missing. */
export type HealthResult = ReadonlyMap<string, boolean>;
