import { type Change, isOpaque } from '../host/change.ts';
import { type ActEnd, endsOf, type Results } from './act-results.ts';
import type { PlannedTask } from './foreseen.ts';
import { allChanges } from './plan-effects.ts';
import { recordOf } from './records.ts';

/** Whether the host said nothing of a change. */
export function isMissing({ end }: { readonly end: ActEnd }): boolean {
  return end.type === 'missing';
}

/**
 * Results of changes that the host said nothing of, by what is left to do: who is planned again
 * without them has them. What a command did, no look can tell.
 *
 * @param left the same tasks, planned from what is there now; those that could not be are missing
 */
export function seenResults(
  tasks: readonly PlannedTask[],
  left: readonly PlannedTask[],
  results: Results,
): Results {
  return new Map(
    tasks.flatMap((task, place) => {
      const again = left[place];
      if (again === undefined) return [];
      const undone = new Set(allChanges(again.plan).map(subjectOf));
      return endsOf(task, place, results).flatMap((one, index) =>
        isMissing(one) && !isOpaque(one.change) && !undone.has(subjectOf(one.change))
          ? [[`${place}.${index}`, { status: 0, output: '' }] as const]
          : [],
      );
    }),
  );
}

/** What is wrong with a change of a window that was confirmed. */
export function wrongText(change: Change, end: ActEnd): string {
  const { subject } = recordOf(change);
  const what = change.effect === 'boot' ? 'not ready for the next boot' : 'not all was done';
  switch (end.type) {
    case 'failed':
      return `confirmed, but ${what}: ${subject}: ${end.message}`;
    case 'stale':
      return `confirmed, but ${what}: ${subject}: it changed meanwhile`;
    default:
      return `confirmed, but ${what}: ${subject}: nobody saw it done`;
  }
}

function subjectOf(change: Change): string {
  return `${change.kind} ${recordOf(change).subject}`;
}
