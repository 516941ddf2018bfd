import { isOpaque } from '../host/change.ts';
import type { HostState } from '../host/state.ts';
import type { Knowledge } from '../playbook/knowledge.ts';
import type { OpenTask } from './open-task.ts';
import { allChanges } from './plan-effects.ts';

/**
 * How many of these tasks are looked at once what is before them is done: those up to the next one whose effect will
 * have to be observed, if the host goes on as it was seen. What is behind that would only be looked at again. Where
 * another one ends the segment, or none, more is looked at later.
 */
export function lookAhead(
  tasks: readonly OpenTask[],
  observed: HostState,
  known: Knowledge,
): number {
  const end = tasks.findIndex((task) => isExpectedOpaque(task, observed, known));
  return end === -1 ? tasks.length : end + 1;
}

function isExpectedOpaque(task: OpenTask, observed: HostState, known: Knowledge): boolean {
  const prepared = task.prepare(known);
  if (prepared.type !== 'ready') return false;
  const { bound } = prepared;
  if (bound.queries.some((asked) => observed.get(asked) === undefined)) return false;
  const plan = bound.plan(observed);
  return !('refusal' in plan) && allChanges(plan).some(isOpaque);
}
