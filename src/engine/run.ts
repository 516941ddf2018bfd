import {
  type Connection,
  ConnectionError,
  type Endpoint,
  type Transport,
} from '../connection/transport.ts';
import type { RunIdentity } from '../host/run-identity.ts';
import type { Host, Inventory } from '../inventory/model.ts';
import type { HostStatus, RunEvent, RunHost, Verified } from './events.ts';
import { exitCode } from './exit-code.ts';
import { usualConfirm } from './leg-options.ts';
import { runLeg } from './leg-run.ts';
import { type HostedPlay, type Leg, planLegs } from './legs.ts';

/** All that a run needs; everything in it was checked before. */
export interface RunRequest {
  /** Version of xpush. */
  readonly version: string;
  readonly identity: RunIdentity;
  readonly inventory: Inventory;
  readonly plays: readonly HostedPlay[];
  readonly transport: Transport;
  readonly endpointOf: (host: Host) => Endpoint;
  /** Plan and show, send nothing that writes. */
  readonly check: boolean;
  /** Hosts at once. */
  readonly forks: number;
  /** Changes that a check found make the exit code 10. */
  readonly pendingAsExit: boolean;
  readonly emit: (event: RunEvent) => void;
  /**
   * Proves the hosts once all of them are done; absent: nobody does. Its statuses count as hosts' do in the
   * exit code. Not called in a check, which has nothing new to prove, and not after an interrupt.
   */
  readonly verify?: () => Promise<Proven>;
  /** Aborted by the first interrupt: begin nothing new, finish what is under way. */
  readonly stopping: AbortSignal;
  /** Aborted by the second: leave now. */
  readonly leaving: AbortSignal;
}

/** What a proof adds to a run. */
export interface Proven extends Omit<Verified, 'event'> {
  readonly statuses: readonly HostStatus[];
}

/**
 * Runs the plays on their hosts and resolves with the exit code; never rejects for a host's sake.
 * A bug of ours fails its host, and once all others are done `run` rejects with it.
 */
export async function run(request: RunRequest): Promise<number> {
  const started = performance.now();
  const { emit, inventory } = request;
  const legs = planLegs(request.plays, inventory);
  const hosts = [...new Set(legs.map(({ host }) => host))];
  emit({
    event: 'run_start',
    xpush: request.version,
    run: request.identity,
    check: request.check,
    hosts: hosts.map(runHost),
  });
  const phase = request.check ? 'Check' : 'Apply';
  emit({ event: 'phase', name: phase, status: 'start' });
  const rollout = new Rollout(request, legs);
  const statuses = await rollout.finish();
  const hasFailed = statuses.some((status) => status !== 'ok' && status !== 'changed');
  emit({ event: 'phase', name: phase, status: hasFailed ? 'failed' : 'done' });
  const proven = await verify(request);
  const interrupted = request.stopping.aborted;
  const pendingAsExit = request.check && request.pendingAsExit;
  const exit = exitCode([...statuses, ...proven], { interrupted, pendingAsExit });
  emit({ event: 'run_end', seconds: secondsSince(started), exit, interrupted });
  if (rollout.bugs.length > 0) throw rollout.bugs[0];
  return exit;
}

function runHost(host: Host): RunHost {
  const { name, kind, address } = host;
  const dom0 = host.kind === 'domU' ? host.dom0 : null;
  const vifs = host.kind === 'domU' ? host.vifs.flatMap(({ ips }) => ips) : [];
  return { name, kind, dom0, addresses: [...new Set([address, ...vifs])] };
}

async function verify({
  verify: prove,
  check,
  stopping,
  emit,
}: RunRequest): Promise<readonly HostStatus[]> {
  if (prove === undefined || check || stopping.aborted) return [];
  emit({ event: 'phase', name: 'Verify', status: 'start' });
  const { statuses, ...proof } = await prove();
  emit({ event: 'phase', name: 'Verify', status: statuses.some(isBad) ? 'failed' : 'done' });
  emit({ event: 'verified', ...proof });
  return statuses;
}

type HostError = { readonly message: string; readonly hint: string | null };

interface HostProgress {
  readonly host: Host;
  legsLeft: number;
  startedAt: number | null;
  status: HostStatus;
  error: HostError | null;
}

/** Runs legs in parallel, each when those that it waits for are over. */
class Rollout {
  /** What a leg threw that no leg should. */
  readonly bugs: unknown[] = [];
  readonly #request: RunRequest;
  readonly #waiting: Set<Leg>;
  readonly #over = new Set<Leg>();
  readonly #hosts = new Map<string, HostProgress>();
  #running = 0;
  #resolve: (statuses: HostStatus[]) => void = () => {};

  constructor(request: RunRequest, legs: readonly Leg[]) {
    this.#request = request;
    this.#waiting = new Set(legs);
    for (const { host } of legs) {
      const progress = this.#hosts.get(host.name);
      if (progress !== undefined) progress.legsLeft += 1;
      else {
        const fresh = { legsLeft: 1, startedAt: null, status: 'ok' as const, error: null };
        this.#hosts.set(host.name, { host, ...fresh });
      }
    }
  }

  /** Resolves with each host's status when all is over, or at once when the operator leaves. */
  finish(): Promise<HostStatus[]> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#request.leaving.addEventListener('abort', () => this.#leave(), { once: true });
      this.#startNext();
    });
  }

  #startNext(): void {
    for (const leg of this.#waiting) {
      if (this.#running >= this.#request.forks) return;
      if (!leg.after.every((other) => this.#over.has(other))) continue;
      this.#waiting.delete(leg);
      const reason = this.#reasonToSkip(leg);
      if (reason !== null) {
        this.#end(leg, reason);
        this.#startNext(); // what waited for it comes now
        return;
      }
      this.#running += 1;
      void this.#runOne(leg).then(() => {
        this.#running -= 1;
        this.#startNext();
      });
    }
    if (this.#running === 0 && this.#waiting.size === 0) this.#resolve(this.#statuses());
  }

  async #runOne(leg: Leg): Promise<void> {
    const { emit, check, identity, inventory, stopping, leaving } = this.#request;
    const progress = this.#progressOf(leg);
    if (progress.startedAt === null) {
      progress.startedAt = performance.now();
      emit({ event: 'host_start', host: leg.host.name, kind: leg.host.kind });
    }
    try {
      const result = await runLeg(
        leg,
        {
          ...{ inventory, identity, check, emit, stopping, leaving },
          confirm: usualConfirm,
          enterWindow: async () => () => {},
          reach: async (probes) => probes.map(() => null),
        },
        (signal) => this.#connect(leg, signal),
      );
      this.#end(leg, result);
    } catch (error) {
      if (!(error instanceof ConnectionError)) {
        this.bugs.push(error);
        this.#end(leg, { status: 'failed', error: bugError(error) });
        return;
      }
      const wasStopped = error.reason === 'aborted' && stopping.aborted;
      this.#end(leg, {
        status: wasStopped ? 'skipped' : 'unreachable',
        error: { message: error.message, hint: error.hint ?? this.#hintFor(leg.host) },
      });
    }
  }

  /** A guest may be out of reach just because its dom0 is not yet as described. */
  #hintFor(host: Host): string | null {
    const dom0 = host.kind === 'domU' ? this.#hosts.get(host.dom0) : undefined;
    return this.#request.check && dom0?.status === 'changed'
      ? `${dom0.host.name} would change first: the guest may answer once that is applied`
      : null;
  }

  #connect(leg: Leg, signal: AbortSignal): Promise<Connection> {
    const { transport, endpointOf } = this.#request;
    return transport.connect(endpointOf(leg.host), signal);
  }

  #tell(leg: Leg, doing: 'wait'): void {
    this.#request.emit({
      event: 'activity',
      host: leg.host.name,
      doing,
      task: null,
      done: 0,
      total: leg.tasks.length,
    });
  }

  #reasonToSkip(leg: Leg): { status: HostStatus; error: HostError | null } | null {
    const own = this.#progressOf(leg);
    if (isBad(own.status)) return { status: own.status, error: own.error };
    if (this.#request.stopping.aborted) {
      const when = own.startedAt === null ? 'it began' : 'its later plays';
      const status = own.status === 'changed' ? 'changed' : 'skipped';
      return { status, error: { message: `interrupted before ${when}`, hint: null } };
    }
    const dom0 = leg.host.kind === 'domU' ? this.#hosts.get(leg.host.dom0) : undefined;
    if (dom0 === undefined || !isBad(dom0.status)) return null;
    const message = `its dom0 ${dom0.host.name} ${inWords(dom0.status)}`;
    return { status: 'skipped', error: { message, hint: null } };
  }

  #end(leg: Leg, { status, error }: { status: HostStatus; error: HostError | null }): void {
    if (this.#request.leaving.aborted) return; // its host was ended with all others
    this.#over.add(leg);
    const progress = this.#progressOf(leg);
    progress.legsLeft -= 1;
    if (!isBad(progress.status) && status !== 'ok') progress.status = status;
    progress.error ??= error;
    if (progress.legsLeft === 0) this.#endHost(progress);
    else this.#tell(leg, 'wait');
  }

  #endHost({ host, status, error, startedAt }: HostProgress): void {
    const seconds = startedAt === null ? 0 : secondsSince(startedAt);
    this.#request.emit({
      event: 'host_end',
      host: host.name,
      kind: host.kind,
      status,
      error,
      seconds,
    });
  }

  /** The second interrupt: hosts that are under way stop before their next change. */
  #leave(): void {
    this.#waiting.clear();
    for (const progress of this.#hosts.values()) {
      if (progress.legsLeft === 0) continue;
      progress.legsLeft = 0;
      const message = 'left in the middle: it stops before its next change';
      progress.status = progress.startedAt === null ? 'skipped' : 'failed';
      progress.error = {
        message: progress.startedAt === null ? 'interrupted before it began' : message,
        hint: null,
      };
      this.#endHost(progress);
    }
    this.#resolve(this.#statuses());
  }

  #progressOf(leg: Leg): HostProgress {
    const progress = this.#hosts.get(leg.host.name);
    if (progress === undefined) throw new Error(`a leg of an unknown host: ${leg.host.name}`);
    return progress;
  }

  #statuses(): HostStatus[] {
    return [...this.#hosts.values()].map(({ status }) => status);
  }
}

function bugError(error: unknown): HostError {
  const message = error instanceof Error ? error.message : String(error);
  return {
    message: `xpush has a bug, and cannot go on with this host: ${message}`,
    hint: 'please report it, with the trace at the end',
  };
}

function isBad(status: HostStatus): boolean {
  return status !== 'ok' && status !== 'changed';
}

function inWords(status: HostStatus): string {
  return status === 'failed' || status === 'unreachable' || status === 'skipped'
    ? { failed: 'failed', unreachable: 'was unreachable', skipped: 'was skipped' }[status]
    : `is ${status.replace('_', ' ')}`;
}

function secondsSince(start: number): number {
  return Math.round(performance.now() - start) / 1000;
}
