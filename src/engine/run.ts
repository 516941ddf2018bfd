import { setMaxListeners } from 'node:events';
import type { Host } from '../inventory/model.ts';
import { isGood } from './budget.ts';
import type { HostStatus } from './events.ts';
import { exitCode } from './exit-code.ts';
import { GrowingFleet } from './growing-fleet.ts';
import type { HostedPlay } from './legs.ts';
import { Rollout, type Stages } from './rollout.ts';
import { runHost } from './run-host.ts';
import type { RunRequest } from './run-request.ts';
import { usualOptions } from './sequences.ts';
import { cutStages, planStage, type Stage } from './stages.ts';

/**
 * Runs the plays on their hosts and resolves with the exit code; never rejects for a host's sake.
 * A bug of ours fails its host, and once all others are done `run` rejects with it.
 */
export async function run(request: RunRequest): Promise<number> {
  const started = performance.now();
  const { emit, inventory, check, stopping, leaving } = request;
  // one signal stops a whole fleet: many listeners on it are no leak
  setMaxListeners(0, stopping, leaving);
  const fleet = new GrowingFleet(inventory);
  const stages = stagesOf(request, fleet);
  const first = stages.first;
  const hosts = [...new Set(first.legs.map(({ host }) => host))];
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
  const rollout = new Rollout(request, fleet, stages, async (batch) => {
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

/** The stages of a run: those behind the first are laid out once those before them are over. */
function stagesOf(request: RunRequest, fleet: GrowingFleet): Stages {
  const { plays, inventory, check, emit, rehost } = request;
  const options = { ...(request.rollout ?? usualOptions), check };
  const cuts = cutStages(plays, inventory);
  const waiting = cuts.slice(1);
  const isLast = waiting.length === 0;
  const first = planStage(plays.slice(0, cuts[0]?.to), inventory, options, {
    ...{ firstSequence: 0, isLast },
  });
  let firstSequence = first.sequences.length;
  const next = async (): Promise<Stage | null> => {
    const cut = waiting.shift();
    if (cut === undefined) return null;
    const planned = plays.slice(cut.from, cut.to);
    const isOpen = planned.some((one) => one.isOpen === true);
    const chosen = isOpen && rehost !== undefined ? await chosenAnew(cut, rehost) : planned;
    const stage = planStage(chosen, fleet.inventory, options, {
      ...{ firstSequence, isLast: waiting.length === 0 },
    });
    firstSequence += stage.sequences.length;
    return stage;
  };
  return { first, next };

  async function chosenAnew(
    cut: Parameters<NonNullable<typeof rehost>>[0],
    choose: NonNullable<typeof rehost>,
  ): Promise<readonly HostedPlay[]> {
    const { problem } = fleet.settle();
    const hosted = await choose(cut, fleet.inventory);
    fleet.take(hosted.inventory);
    if (problem !== null) emit({ event: 'message', level: 'warning', host: null, text: problem });
    for (const text of hosted.notes) emit({ event: 'message', level: 'info', host: null, text });
    return plays.slice(cut.from, cut.to).map((one, index) => {
      return { ...one, hosts: hosted.hosts[index] ?? new Set() };
    });
  }
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
