import { setMaxListeners } from 'node:events';
import type { Host } from '../inventory/model.ts';
import { isGood } from './budget.ts';
import type { HostStatus, RunHost } from './events.ts';
import { exitCode } from './exit-code.ts';
import { type HostedPlay, planLegs } from './legs.ts';
import { Rollout } from './rollout.ts';
import type { RunRequest } from './run-request.ts';
import { planSequences, type Sequence, usualOptions } from './sequences.ts';

/**
 * Runs the plays on their hosts and resolves with the exit code; never rejects for a host's sake.
 * A bug of ours fails its host, and once all others are done `run` rejects with it.
 */
export async function run(request: RunRequest): Promise<number> {
  const started = performance.now();
  const { emit, inventory, plays, check, stopping, leaving } = request;
  // one signal stops a whole fleet: many listeners on it are no leak
  setMaxListeners(0, stopping, leaving);
  const sequences = planSequences(plays, inventory, {
    ...(request.rollout ?? usualOptions),
    check,
  });
  const legs = planLegs(plays, inventory, {
    sequenceOf: (play) => sequences.ofPlay[play] ?? 0,
    firstOf: (play) => firstHost(plays[play], sequences.all[sequences.ofPlay[play] ?? 0]),
  });
  const hosts = [...new Set(legs.map(({ host }) => host))];
  emit({
    event: 'run_start',
    xpush: request.version,
    run: request.identity,
    check,
    hosts: hosts.map(runHost),
  });
  const phase = check ? 'Check' : 'Apply';
  emit({ event: 'phase', name: phase, status: 'start' });
  const proven: HostStatus[] = [];
  const rollout = new Rollout(request, legs, sequences.all, async (batch) => {
    const { isRight, statuses } = await prove(request, batch);
    proven.push(...statuses);
    return isRight;
  });
  await rollout.finish();
  const { statuses, bugs, wasStopped } = rollout;
  emit({ event: 'phase', name: phase, status: statuses.every(isGood) ? 'done' : 'failed' });
  if (request.verify !== undefined && !check && !wasStopped && !stopping.aborted) {
    emit({ event: 'phase', name: 'Verify', status: 'start' });
    const proof = await prove(request, null);
    emit({
      event: 'phase',
      name: 'Verify',
      status: proof.statuses.every(isGood) ? 'done' : 'failed',
    });
    proven.push(...proof.statuses);
  }
  const interrupted = stopping.aborted;
  const pendingAsExit = check && request.pendingAsExit;
  const exit = exitCode([...statuses, ...proven], { interrupted, pendingAsExit });
  const seconds = Math.round(performance.now() - started) / 1000;
  emit({ event: 'run_end', seconds, exit, interrupted });
  if (bugs.length > 0) throw bugs[0];
  return exit;
}

/** The host of a play that comes first in its batches: nobody of an earlier one waits for it. */
function firstHost(hosted: HostedPlay | undefined, sequence: Sequence | undefined): string | null {
  return sequence?.batches.flat().find((name) => hosted?.hosts.has(name)) ?? null;
}

/** A host as views show it. */
export function runHost(host: Host): RunHost {
  const { name, kind, address } = host;
  const dom0 = host.kind === 'domU' ? host.dom0 : null;
  const vifs = host.kind === 'domU' ? host.vifs.flatMap(({ ips }) => ips) : [];
  return { name, kind, dom0, addresses: [...new Set([address, ...vifs])] };
}

/** null: all hosts. Nobody who proves finds nothing wrong. */
async function prove(
  { verify, emit }: RunRequest,
  hosts: readonly Host[] | null,
): Promise<{ readonly isRight: boolean; readonly statuses: readonly HostStatus[] }> {
  if (verify === undefined) return { isRight: true, statuses: [] };
  const { statuses, ...proof } = await verify(hosts);
  emit({ event: 'verified', ...proof });
  return { isRight: proof.isRight, statuses };
}
