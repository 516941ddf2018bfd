import { answerTo } from '../host/answer.ts';
import { changeNeeds, lockNeeds, windowNeeds } from '../host/change-needs.ts';
import { lackText, lookNeeds, type Need, unmet } from '../host/needs.ts';
import { query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import { allChanges, type Foreseen, type PlannedTask } from './leg-plan.ts';
import type { LegEnding, OpenTask } from './leg-tasks.ts';
import { cutSegments } from './segment.ts';

/**
 * Why none of what is foreseen is begun: the host lacks commands that it needs. null: it has them.
 *
 * @param open the open tasks that it was foreseen of
 */
export function lackEnding(
  { tasks, refusal }: Foreseen,
  open: readonly OpenTask[],
  observed: HostState,
  hasNoWindows: boolean,
): LegEnding | null {
  const lacks = answerTo(observed, query.lacks()) ?? [];
  if (lacks.length === 0) return null;
  const refused = refusal === null ? [] : open.slice(tasks.length, tasks.length + 1);
  const missing = [
    ...refused.map((task) => ({ task, needs: lookNeedsOf(task) })),
    ...cutSegments(tasks, hasNoWindows).flatMap(({ kind, tasks: cutOff }) =>
      cutOff.map((task) => ({ task, needs: actNeedsOf(task, kind === 'window') })),
    ),
  ].map(({ task, needs }) => ({ task, needs: unmet(needs, lacks) }));
  const all = missing.flatMap(({ needs }) => needs);
  if (all.length === 0) return null;
  const steps = missing.flatMap(({ task: { task }, needs }) =>
    needs.length === 0 ? [] : [task.step.name],
  );
  const message = lackText(all, [...new Set(steps)]);
  return { status: 'failed', error: { message, hint: null } };
}

function lookNeedsOf({ bound }: OpenTask): readonly Need[] {
  return bound.queries.flatMap(({ kind }) => lookNeeds[kind] ?? []);
}

function actNeedsOf({ plan }: PlannedTask, isInWindow: boolean): readonly Need[] {
  const changes = allChanges(plan);
  if (changes.length === 0) return [];
  return [...changes.flatMap(changeNeeds), ...lockNeeds, ...(isInWindow ? windowNeeds : [])];
}
