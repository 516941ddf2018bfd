import type { Plan } from '../steps/step.ts';
import { allChanges } from './plan-effects.ts';

/** A task as far as the cut is concerned. */
export interface Planned {
  readonly plan: Plan;
  /** Whether its changes could cut the host off. */
  readonly isNetwork: boolean;
}

/** Neighbours in task order that are carried out together. */
export interface Segment<Task extends Planned> {
  /** `window`: undone together unless confirmed; `act`: each change stands by itself. */
  readonly kind: 'window' | 'act';
  readonly tasks: readonly Task[];
}

/**
 * Cuts tasks where changes that could cut the host off meet others. The segments are the tasks in
 * their order, and none follows one of its own kind: tasks with nothing to do cut nothing, and upkeep
 * of a network task goes with a window beside it. `hasNoWindows`: the operator wants none.
 */
export function cutSegments<Task extends Planned>(
  tasks: readonly Task[],
  hasNoWindows = false,
): Segment<Task>[] {
  if (hasNoWindows) return tasks.length === 0 ? [] : [{ kind: 'act', tasks }];
  const segments: (Segment<Task> & { tasks: Task[] })[] = [];
  const sure = tasks.map(sureKind);
  let last: Segment<Task>['kind'] | null = null;
  for (const [index, task] of tasks.entries()) {
    const kind = sure[index] ?? (isIdle(task) ? null : upkeepKind(sure, index));
    const open = segments.at(-1);
    if (open === undefined || (kind !== null && last !== null && kind !== last)) {
      segments.push({ kind: kind ?? 'act', tasks: [task] });
    } else {
      open.tasks.push(task);
      if (last === null && kind !== null) segments[0] = { kind, tasks: open.tasks };
    }
    last = kind ?? last;
  }
  return segments;
}

function isIdle({ plan }: Planned): boolean {
  return allChanges(plan).length === 0;
}

/** null: it is for its neighbours to say. */
function sureKind(task: Planned): 'window' | 'act' | null {
  if (task.isNetwork) return task.plan.changes.length > 0 ? 'window' : null;
  return isIdle(task) ? null : 'act';
}

function upkeepKind(sure: readonly ('window' | 'act' | null)[], index: number): 'window' | 'act' {
  const before = sure.slice(0, index).findLast((kind) => kind !== null);
  const after = sure.slice(index + 1).find((kind) => kind !== null);
  return before === 'window' || after === 'window' ? 'window' : 'act';
}
