import type { HostState } from '../host/state.ts';
import type { LegTasks } from './leg-tasks.ts';

/** What is slow to make is made before planning, which would hold up the other hosts. */
export async function prepareTasks({ open, known }: LegTasks, state: HostState): Promise<void> {
  for (const task of open) {
    if (!task.task.step.mayPrepare) continue;
    const prepared = task.prepare(known);
    if (prepared.type !== 'ready' || prepared.bound.prepare === undefined) continue;
    const isSeen = prepared.bound.queries.every((asked) => state.get(asked) !== undefined);
    const preparing = isSeen ? prepared.bound.prepare(state) : null;
    if (preparing !== null) await preparing;
  }
}
