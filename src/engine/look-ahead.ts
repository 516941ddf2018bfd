import { isOpaque } from '../host/change.ts';
import type { HostState } from '../host/state.ts';
import type { Knowledge } from '../playbook/knowledge.ts';
import { foresee } from './leg-plan.ts';
import type { OpenTask } from './open-task.ts';
import { allChanges } from './plan-effects.ts';
import { PlanMemory } from './plan-memory.ts';

/**
 * How many of these tasks are looked at once what is before them is done: those that can be planned together, if the
 * host goes on as it was seen. What is behind that would only be looked at again. Where more or other tasks come to
 * be planned together, the rest is looked at then.
 *
 * @param expected what was seen of the host, now or before
 * @param known what is known once all before them is done, as far as that can be told
 */
export function lookAhead(
  tasks: readonly OpenTask[],
  expected: HostState,
  known: Knowledge,
  memory = new PlanMemory(),
): number {
  const foreseen = foresee(tasks, expected, known, { ahead: () => 0, memory });
  const { tasks: planned, wants, isOpen, known: after } = foreseen;
  const failed = after.hasFailed ? planned.findIndex(({ outlook }) => outlook.type === 'fail') : -1;
  const next = tasks[planned.length];
  if (failed === -1 && next === undefined) return tasks.length;
  const isUntold = wants.length > 0 || next?.prepare(after).type === 'waits';
  if (failed === -1 && isOpen && !isUntold) return Math.max(1, planned.length);
  // with what will be told, or is otherwise by then, it may go on
  const end = failed === -1 ? planned.length : failed;
  const opaque = tasks.findIndex(
    (task, place) => place > end && isExpectedOpaque(task, expected, after, memory),
  );
  return opaque === -1 ? tasks.length : opaque + 1;
}

function isExpectedOpaque(
  task: OpenTask,
  expected: HostState,
  known: Knowledge,
  memory: PlanMemory,
): boolean {
  const prepared = task.prepare(known);
  if (prepared.type !== 'ready') return false;
  const { bound } = prepared;
  if (bound.queries.some((asked) => expected.get(asked) === undefined)) return false;
  const plan = memory.plan(bound, expected);
  return !('refusal' in plan) && allChanges(plan).some(isOpaque);
}
