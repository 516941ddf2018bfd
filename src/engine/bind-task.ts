import { type Keywords, noKeywords } from '../playbook/keywords.ts';
import { type Knowledge, nothingTold } from '../playbook/knowledge.ts';
import { isConstant, type Prepared, prepareTask } from '../playbook/prepare.ts';
import type { BoundStep, Plan, Refusal, Target } from '../steps/step.ts';
import type { LegTask } from './legs.ts';
import { WatchedKnowledge } from './watched-knowledge.ts';

/**
 * The step of a task, bound to its host as soon as enough is known. What a user calls a network change
 * is more than a file for the next boot: whether the host can still be reached is only told with the
 * files in place, before the decision. Steps that are about the network themselves know better.
 *
 * @param target the host that it is done on
 * @param subject the host whose names it sees
 */
export function bindTask(
  {
    step,
    params,
    network = false,
    hasNoWindow = false,
    keywords = noKeywords,
    wrap,
  }: LegTask['task'],
  target: Target,
  subject: Target = target,
): (known: Knowledge) => Prepared {
  const prepare = (known: Knowledge): Prepared => {
    const prepared = prepareTask({ step, params, keywords }, target, subject, known);
    if (prepared.type !== 'ready') return prepared;
    const bound = inWindow(prepared.bound, { network, hasNoWindow });
    return { ...prepared, bound: wrap === undefined ? bound : wrap(bound, target) };
  };
  if (isConstant(keywords)) {
    const once = prepare(nothingTold);
    return () => once;
  }
  let last: { readonly watched: WatchedKnowledge; readonly prepared: Prepared } | null = null;
  const asks = asksLater(keywords);
  return (known) => {
    if (last !== null && (asks ? last.watched.is(known) : last.watched.isLike(known))) {
      return last.prepared;
    }
    const watched = new WatchedKnowledge(known);
    last = { watched, prepared: prepare(watched.view) };
    return last.prepared;
  };
}

/** Whether it asks for more of what is known once it was done. */
function asksLater({ changedWhen, failedWhen, until }: Keywords): boolean {
  return [changedWhen, failedWhen, until].some((one) => one !== null);
}

function inWindow(
  bound: BoundStep,
  { network, hasNoWindow }: { readonly network: boolean; readonly hasNoWindow: boolean },
): BoundStep {
  if (network) return asNetwork(bound);
  return hasNoWindow && bound.network ? { ...bound, network: false } : bound;
}

function asNetwork(bound: BoundStep): BoundStep {
  if (bound.network) return bound;
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
  const lasting = changes.find((change) => change.kind === 'tree');
  if (lasting !== undefined) {
    return {
      refusal: `${lasting.path} and all below it could not be put back by a confirm window`,
      hint: 'remove it in a task without "network: true"',
    };
  }
  const inPlaceToo = upkeep === undefined ? {} : { upkeep: upkeep.map(atOnce) };
  return { ...plan, changes: changes.map(atOnce), ...inPlaceToo };
}

/** A directory is made before all else anyhow, and goes again with an undo. */
function atOnce(change: Plan['changes'][number]): Plan['changes'][number] {
  switch (change.kind) {
    case 'write':
    case 'remove':
    case 'link':
    case 'attributes':
      return change.effect === 'boot' ? { ...change, effect: 'both' } : change;
    default:
      return change;
  }
}
