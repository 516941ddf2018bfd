import type { ConnectionError } from '../connection/transport.ts';
import type { Host } from '../inventory/model.ts';
import { isGood } from './budget.ts';
import type { HostStatus } from './events.ts';
import type { HostProgress, LegEnd, Progress } from './host-progress.ts';
import type { LegResult } from './leg-options.ts';
import type { Undoing } from './undoing.ts';

/** What the rollout is at when a leg ends. */
export interface RolloutState {
  readonly isCheck: boolean;
  /** No changes are begun any more. */
  readonly isHalted: boolean;
  /** It halted for the sake of hosts that ended badly; otherwise the operator interrupted it. */
  readonly wasStopped: boolean;
}

/** Puts into words how legs end, and why they are not begun. */
export class LegEnds {
  readonly #progress: Progress;
  readonly #undoing: Undoing;
  readonly #state: RolloutState;

  /** @param state asked anew each time */
  constructor(progress: Progress, undoing: Undoing, state: RolloutState) {
    this.#progress = progress;
    this.#undoing = undoing;
    this.#state = state;
  }

  ofResult({ name }: Host, result: LegResult): LegEnd {
    const { status, error, hasChanged, undoesItselfWithinSeconds: seconds } = result;
    if (seconds !== null) return { status, error: this.#undoing.note(name, seconds, error) };
    if (status !== 'skipped') return { status, error };
    const why = this.#state.wasStopped ? stoppedBefore('its changes') : error;
    return { status: hasChanged ? 'changed' : this.#notChanged(name), error: why };
  }

  ofConnectionError(host: Host, error: ConnectionError): LegEnd {
    const { message, reason } = error;
    if (reason === 'aborted' && this.#state.isHalted) {
      const why = this.#state.wasStopped
        ? stoppedBefore('it was reached')
        : { message, hint: error.hint };
      return { status: this.#notChanged(host.name), error: why };
    }
    return { status: 'unreachable', error: { message, hint: error.hint ?? this.#hintFor(host) } };
  }

  /** Why a leg is not begun; null: it is. */
  ofSkipped(host: Host): LegEnd | null {
    const own = this.#progress.of(host.name);
    if (own !== undefined && !isGood(own.status)) return { status: own.status, error: own.error };
    if (this.#state.isHalted) {
      const when = own?.startedMs === null ? 'it began' : 'its later plays';
      const interrupted = { message: `interrupted before ${when}`, hint: null };
      const error = this.#state.wasStopped ? stoppedBefore(when) : interrupted;
      return { status: this.#notChanged(host.name), error };
    }
    const dom0 = this.#dom0Of(host);
    if (dom0 === undefined || isGood(dom0.status)) return null;
    const message = `its dom0 ${dom0.host.name} ${inWords(dom0.status)}`;
    return { status: 'skipped', error: { message, hint: null } };
  }

  /** The status of a host that goes no further: what it changed before is not forgotten. */
  #notChanged(name: string): 'changed' | 'skipped' {
    return this.#progress.of(name)?.status === 'changed' ? 'changed' : 'skipped';
  }

  /** A guest may be out of reach just because its dom0 is not yet as described. */
  #hintFor(host: Host): string | null {
    const dom0 = this.#dom0Of(host);
    return this.#state.isCheck && dom0?.status === 'changed'
      ? `${dom0.host.name} would change first: the guest may answer once that is applied`
      : null;
  }

  #dom0Of(host: Host): HostProgress | undefined {
    return host.kind === 'domU' ? this.#progress.of(host.dom0) : undefined;
  }
}

/** Of a host on which a bug of ours came up. */
export function endOfBug(error: unknown): LegEnd {
  const message = error instanceof Error ? error.message : String(error);
  return {
    status: 'failed',
    error: {
      message: `xpush has a bug, and cannot go on with this host: ${message}`,
      hint: 'please report it, with the trace at the end',
    },
  };
}

function stoppedBefore(what: string): { readonly message: string; readonly hint: null } {
  return { message: `the rollout stopped before ${what}`, hint: null };
}

function inWords(status: HostStatus): string {
  return status === 'failed' || status === 'unreachable' || status === 'skipped'
    ? { failed: 'failed', unreachable: 'was unreachable', skipped: 'was skipped' }[status]
    : `is ${status.replace('_', ' ')}`;
}
