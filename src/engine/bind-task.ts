import type { BoundStep, Plan, Refusal, Target } from '../steps/step.ts';
import type { LegTask } from './legs.ts';

/**
 * The step of a task, bound to its host. What a user calls a network change is more than a file for
 * the next boot: whether the host can still be reached is only told with the files in place, before
 * the decision. Steps that are about the network themselves know better.
 */
export function bindTask(
  { step, params, network = false }: LegTask['task'],
  target: Target,
): BoundStep {
  const bound = step.bind(target, params);
  if (!network || bound.network) return bound;
  const { plan, leave } = bound;
  return {
    ...bound,
    network: true,
    plan: (state) => inPlace(plan(state)),
    leave: leave === null ? null : (state) => inPlace(leave(state)),
  };
}

function inPlace(plan: Plan | Refusal): Plan | Refusal {
  if ('refusal' in plan) return plan;
  const { changes, upkeep } = plan;
  const large = changes.find((change) => change.kind === 'send');
  if (large !== undefined) {
    return {
      refusal: `${large.path} is too large for a confirm window, which would have to keep the old one to put it back`,
      hint: 'copy it in a task without "network: true"',
    };
  }
  const inPlaceToo = upkeep === undefined ? {} : { upkeep: upkeep.map(atOnce) };
  return { ...plan, changes: changes.map(atOnce), ...inPlaceToo };
}

/** A directory is made before all else anyhow, and goes again with an undo. */
function atOnce(change: Plan['changes'][number]): Plan['changes'][number] {
  const isFile = change.kind === 'write' || change.kind === 'remove';
  return isFile && change.effect === 'boot' ? { ...change, effect: 'both' } : change;
}
