import type { TcpOutcome, TcpProbe } from '../connection/probe-tcp.ts';
import type { RunIdentity } from '../host/run-identity.ts';
import type { Inventory } from '../inventory/model.ts';
import type { Knowledge } from '../playbook/knowledge.ts';
import type { FetchedFile } from '../steps/step.ts';
import type { HostStatus, RunEvent } from './events.ts';
import type { ExplainedSegment } from './explain-leg.ts';
import type { Foretold } from './foretold.ts';
import type { AddToFleet } from './growing-fleet.ts';

/** How network changes are confirmed. */
export interface ConfirmOptions {
  /** How long a host waits for the controller; null: as long as its safety says. */
  readonly timeoutSeconds: number | null;
  /** No windows at all: network changes are made as any other. */
  readonly isOff: boolean;
  /**
   * Whether the run goes back to what was before: ports that the inventory opens may close again then.
   * Default: false.
   */
  readonly isGoingBack?: boolean;
}

/** Windows as long as the hosts' safety says. */
export const usualConfirm: ConfirmOptions = { timeoutSeconds: null, isOff: false };

/** Keeps a file of a host on the controller, unless it is there already; in a check only tells. */
export type KeepFile = (
  file: FetchedFile,
  of: { readonly playbook: string; readonly check: boolean },
) => {
  readonly isChanged: boolean;
  /** Why it can't be kept; null: it can. */
  readonly failure: string | null;
};

/** How the leg of a host is run. */
export interface LegOptions {
  readonly inventory: Inventory;
  /** The inventory as a word of a command line, for what people may do next. Absent: nobody knows. */
  readonly inventoryWord?: string;
  /** Who holds locks and windows on the hosts. */
  readonly identity: RunIdentity;
  /** Counts the windows and acts of the run on this host, from 1, whatever the leg. */
  readonly nextNumber: () => number;
  /** What earlier legs of the host have told. Absent: nothing. */
  readonly known?: Knowledge;
  readonly check: boolean;
  readonly confirm: ConfirmOptions;
  readonly emit: (event: RunEvent) => void;
  /** Keeps files of the host here, or in a check says what it would do. Absent: nobody does. */
  readonly keepFile?: KeepFile;
  /** Adds hosts and groups to the fleet of the run. Absent: steps that do so fail. */
  readonly addToFleet?: AddToFleet;
  /** In a check: what was foreseen of the host by now. Absent: nothing. */
  readonly foretold?: Foretold;
  /** Told in a check how the leg would be carried out. Absent: nobody asks. */
  readonly explain?: (host: string, segments: readonly ExplainedSegment[]) => void;
  /**
   * Aborted: the operator asked to stop. No changes are begun on the host; those that are begun are
   * finished, and a window that is armed is confirmed.
   */
  readonly stopping: AbortSignal;
  /** Aborted: leave at once. The result says which host undoes itself. */
  readonly leaving: AbortSignal;
  /** Resolves once the host may open a window; what it gives is called when the window is decided. */
  readonly enterWindow: () => Promise<() => void>;
  /** Tries new TCP connections from here, all at once; outcomes are in the probes' order. */
  readonly reach: (
    probes: readonly TcpProbe[],
    timeoutMs: number,
  ) => Promise<readonly (TcpOutcome | null)[]>;
}

/** Why a host ended as it did, and what to do about it. */
export interface LegError {
  readonly message: string;
  readonly hint: string | null;
}

/** What became of the leg of a host that was reached. */
export interface LegResult {
  /** `skipped`: the operator stopped it before its changes. */
  readonly status: Exclude<HostStatus, 'unreachable'>;
  readonly error: LegError | null;
  /** Whether something that was changed is in force, whatever the status; in a check: would be. */
  readonly hasChanged: boolean;
  /** The host is in a window that nobody decided: it undoes it within so many seconds. Else null. */
  readonly undoesItselfWithinSeconds: number | null;
  /** What its tasks have told, and those of earlier legs. */
  readonly known: Knowledge;
}
