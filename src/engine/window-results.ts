import { noKeywords } from '../playbook/keywords.ts';
import { endsOf, messageOf, outcomesOf, type Results } from './act-results.ts';
import { wrongText } from './confirmed-results.ts';
import { endAs } from './end-task.ts';
import type { PlannedTask } from './foreseen.ts';
import type { LegTasks } from './leg-tasks.ts';
import { allChanges } from './plan-effects.ts';
import { recordOf } from './records.ts';
import type { Unconfirmed } from './window-end.ts';
import { type NextCommand, refusalText, windowEnding } from './window-words.ts';
import { withheldError } from './withheld.ts';

/** The first open tasks have ended, by what the host said of their changes, all of which stay. */
export function endConfirmed(
  open: LegTasks,
  tasks: readonly PlannedTask[],
  results: Results,
): void {
  for (const [place, task] of tasks.entries()) {
    const { plan } = task;
    const ends = endsOf(task, place, results);
    const wrong = ends.find(({ end }) => end.type !== 'done');
    const changes = plan.changes.map(recordOf);
    if (wrong !== undefined) {
      const message = wrongText(wrong.change, wrong.end);
      open.failInPlace({ message, hint: 'run again' }, changes);
      continue;
    }
    endAs(open, task, outcomesOf(task, ends), changes, messageOf(task, ends));
  }
  const { failure } = open;
  if (failure !== null) open.giveUp(failure, 'an earlier task failed');
}

/** The first open tasks have ended, and all behind them, by how the window did. */
export function endUnconfirmed(
  open: LegTasks,
  tasks: readonly PlannedTask[],
  end: Unconfirmed,
  results: Results,
  next: NextCommand,
): void {
  const failed =
    end.type === 'refused' ? refusedTask(tasks, end.message) : failureIn(tasks, results);
  const task = failed === null ? undefined : tasks[failed.place]?.task;
  const ending = windowEnding(
    end,
    failed === null ? null : whyFailed(failed.message, task),
    open.hasChanged,
    next,
  );
  const isUnknown = isUnknownEnd(end.type);
  let hasWork = false;
  for (const [place, { plan }] of tasks.entries()) {
    hasWork ||= allChanges(plan).length > 0;
    const isChanging = plan.changes.length > 0;
    if (failed !== null && place > failed.place) break;
    if (!hasWork) {
      open.end({ status: 'ok', changes: [], message: plan.message ?? null });
    } else if (place === failed?.place) {
      const changes = isUnknown ? plan.changes.map(recordOf) : [];
      open.end({ status: 'failed', changes, message: failed.message });
    } else if (isUnknown && isChanging) {
      const changes = plan.changes.map(recordOf);
      open.end({ status: 'failed', changes, message: 'what is left of it is unknown' });
    } else {
      const message = end.type === 'undone' ? 'undone with its confirm window' : null;
      open.end({
        status: 'skipped',
        changes: [],
        message: message ?? ending.error.message,
      });
    }
  }
  open.giveUp(ending, failed === null ? afterWords[end.type] : 'an earlier task failed');
}

function whyFailed(message: string, task: PlannedTask['task'] | undefined): string {
  const shown = withheldError(task?.keywords ?? noKeywords, { message, hint: null });
  return `${task?.name ?? ''}: ${shown.message}`;
}

/** Why tasks behind a window are skipped. */
const afterWords = {
  busy: 'the host is busy with another run',
  refused: 'an earlier task failed',
  undone: 'its host undid its change',
  incomplete: 'its host needs a human',
  kept: 'its host needs a human',
  unheard: 'its host needs a human',
} as const;

/** Whoever has to do something first, is the one who could not. */
function refusedTask(tasks: readonly PlannedTask[], message: string) {
  const place = tasks.findIndex(({ plan }) => allChanges(plan).length > 0);
  return place < 0 ? null : { place, message: refusalText(message) };
}

/** Whether what is left of the changes is not known. */
function isUnknownEnd(type: Unconfirmed['type']): boolean {
  return type === 'incomplete' || type === 'unheard' || type === 'kept';
}

function failureIn(
  tasks: readonly PlannedTask[],
  results: Results,
): { readonly place: number; readonly message: string } | null {
  for (const [place, task] of tasks.entries()) {
    for (const { end } of endsOf(task, place, results)) {
      if (end.type === 'failed') return { place, message: end.message };
    }
  }
  return null;
}
