import { type Change, isOpaque } from '../host/change.ts';
import type { HostState } from '../host/state.ts';
import type { Plan, Refusal } from '../steps/step.ts';
import type { LegError } from './leg-options.ts';
import type { LegTasks, OpenTask } from './leg-tasks.ts';
import { recordOf } from './records.ts';

/** A task with what is to be done for it. */
export interface PlannedTask extends OpenTask {
  readonly plan: Plan;
}

/** The first open tasks with their plans, as far as can be foreseen. */
export interface Foreseen {
  readonly tasks: readonly PlannedTask[];
  /** Why the task after these cannot be done; null when it ends for another reason. */
  readonly refusal: (LegError & Pick<Refusal, 'isLack'>) | null;
  /** Whether they do something whose effect must be observed before going on. */
  readonly isOpen: boolean;
}

/**
 * Plans tasks, each in the world that those before it leave, up to a refusal or an opaque change. What
 * of the network follows that and asks nothing goes with it, so that both are confirmed at once.
 */
export function foresee(tasks: readonly OpenTask[], observed: HostState): Foreseen {
  let state = observed;
  let isOpen = false;
  const planned: PlannedTask[] = [];
  for (const task of tasks) {
    if (isOpen && !isBlind(task, planned.at(-1))) break;
    const plan = task.bound.plan(state);
    if ('refusal' in plan) {
      const { refusal: message, hint, isLack = false } = plan;
      const refusal = { message, hint, isLack };
      return { tasks: planned, refusal, isOpen: false };
    }
    planned.push({ ...task, plan });
    isOpen ||= allChanges(plan).some(isOpaque);
    state = stateAfter(plan, state);
  }
  return { tasks: planned, refusal: null, isOpen };
}

/** Whether it can be planned without knowing what the one before it did, and is undone with that. */
function isBlind({ bound, isNetwork }: OpenTask, before: PlannedTask | undefined): boolean {
  return bound.queries.length === 0 && isNetwork && (before?.isNetwork ?? false);
}

/** Check mode: the plans are the results, and nothing is sent. */
export function predict(
  tasks: LegTasks,
  observed: HostState,
  { tasks: planned, refusal }: Foreseen = foresee(tasks.open, observed),
): void {
  let state = observed;
  for (const { plan } of planned) {
    const isUnknown = plan.changes.some(isOpaque);
    tasks.end({
      status: isUnknown ? 'unknown' : plan.changes.length > 0 ? 'changed' : 'ok',
      changes: plan.changes.map(recordOf),
      pending: plan.pending ?? [],
      message: isUnknown
        ? 'would run; what it does is unknown until applied'
        : (plan.message ?? null),
    });
    state = stateAfter(plan, state);
  }
  if (refusal !== null) tasks.fail(refusal, []);
  else predictUnknown(tasks, state);
}

/** What follows an opaque change can't be told: it is planned from what is there now, and says so. */
function predictUnknown(tasks: LegTasks, observed: HostState): void {
  let state = observed;
  for (const { bound } of tasks.open) {
    const plan = bound.plan(state);
    const isRefused = 'refusal' in plan;
    const guess = isRefused ? `would fail: ${plan.refusal}` : `would make ${changesIn(plan)}`;
    tasks.end({
      status: 'unknown',
      changes: isRefused ? [] : plan.changes.map(recordOf),
      message: `unknown until applied; as things stand, it ${guess}`,
    });
    if (!isRefused) state = stateAfter(plan, state);
  }
}

/** All changes of a plan in order: those that count, then upkeep. */
export function allChanges(plan: Plan): readonly Change[] {
  return [...plan.changes, ...(plan.upkeep ?? [])];
}

function stateAfter(plan: Plan, state: HostState): HostState {
  return allChanges(plan).reduce((before: HostState, change) => before.after(change), state);
}

function changesIn({ changes }: Plan): string {
  if (changes.length === 0) return 'no change';
  return changes.length === 1 ? '1 change' : `${changes.length} changes`;
}
