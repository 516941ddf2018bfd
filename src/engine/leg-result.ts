import type { LegResult } from './leg-options.ts';
import type { LegTasks } from './leg-tasks.ts';

/** What the tasks of a leg that is over add up to. */
type Told = Pick<LegTasks, 'hasChanged' | 'failure' | 'known'>;

/** How a leg ended; `wasStopped`: by the operator, before it changed anything. */
export function legResult({ hasChanged, failure, known }: Told, wasStopped: boolean): LegResult {
  const result = { hasChanged, undoesItselfWithinSeconds: null, known };
  if (failure !== null) return { ...result, ...failure };
  if (wasStopped) {
    const error = { message: 'interrupted before its changes', hint: null };
    return { ...result, status: 'skipped', error };
  }
  return { ...result, status: hasChanged ? 'changed' : 'ok', error: null };
}

/**
 * How a leg stands that the operator leaves.
 *
 * @param hasActed whether something that changes the host was sent
 * @param undoesItselfWithinSeconds until the host undoes what is not confirmed; null: there is nothing
 */
export function leftResult(
  { hasChanged, known }: Told,
  hasActed: boolean,
  undoesItselfWithinSeconds: number | null,
): LegResult {
  if (undoesItselfWithinSeconds !== null) {
    return { status: 'failed', error: null, hasChanged, undoesItselfWithinSeconds, known };
  }
  const [status, message] = hasActed
    ? (['failed', 'left in the middle: it stops before its next change'] as const)
    : (['skipped', 'interrupted before its changes'] as const);
  const error = { message, hint: null };
  return { status, error, hasChanged, undoesItselfWithinSeconds, known };
}
