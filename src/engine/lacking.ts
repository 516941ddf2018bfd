import { answerTo } from '../host/answer.ts';
import { changeNeeds, lockNeeds, windowNeeds } from '../host/change-needs.ts';
import { lackText, lookNeeds, type Need, unmet } from '../host/needs.ts';
import { query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import type { Foreseen, PlannedTask } from './foreseen.ts';
import type { LegError } from './leg-options.ts';
import { queriesOf } from './leg-queries.ts';
import type { LegTasks } from './leg-tasks.ts';
import { allChanges } from './plan-effects.ts';
import { cutSegments } from './segment.ts';

/** What a host lacks that was foreseen to be needed. */
interface Lack {
  /** The place among the open tasks of the first that needs it. */
  readonly place: number;
  readonly error: LegError;
}

/**
 * Why none of what is foreseen is begun: the host lacks commands that it needs. null: it has them.
 *
 * @param tasks whose open ones it was foreseen of
 */
export function lackOf(
  { tasks, refusal }: Foreseen,
  { open, known }: Pick<LegTasks, 'open' | 'known'>,
  observed: HostState,
  hasNoWindows: boolean,
): Lack | null {
  const lacks = answerTo(observed, query.lacks()) ?? [];
  const refused = refusal === null ? [] : open.slice(tasks.length, tasks.length + 1);
  const needed = [
    ...cutSegments(tasks, hasNoWindows).flatMap(({ kind, tasks: cutOff }) =>
      cutOff.map((task) => actNeedsOf(task, kind === 'window')),
    ),
    ...refused.map((task) => queriesOf([task], known).flatMap(({ kind }) => lookNeeds[kind] ?? [])),
  ];
  const missing = needed.map((needs) => unmet(needs, lacks));
  const place = missing.findIndex((needs) => needs.length > 0);
  if (place < 0) return refusal?.isLack === true ? { place: tasks.length, error: refusal } : null;
  const steps = missing.flatMap((needs, index) =>
    needs.length === 0 ? [] : (open[index]?.task.step.name ?? []),
  );
  const message = lackText(missing.flat(), [...new Set(steps)]);
  return { place, error: { message, hint: null } };
}

function actNeedsOf({ plan }: PlannedTask, isInWindow: boolean): readonly Need[] {
  const changes = allChanges(plan);
  if (changes.length === 0) return [];
  return [...changes.flatMap(changeNeeds), ...lockNeeds, ...(isInWindow ? windowNeeds : [])];
}
