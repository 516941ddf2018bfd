import { failureOf } from '../host/answer.ts';
import type { Change } from '../host/change.ts';
import { inverseOf, inverseQueries } from '../host/inverse.ts';
import type { HostState } from '../host/state.ts';
import type { Refusal } from '../steps/step.ts';
import { type ChangingTask, undoStepName } from './generation.ts';
import type { SavedTask } from './saved-tasks.ts';

/** Undoes what a task did to a host, last first, unless somebody else has changed that since. */
export function undoneTask({ network, changes, isUpkeep }: ChangingTask): SavedTask {
  const done = changes.toReversed();
  return {
    ...{ step: undoStepName, network },
    queries: done.flatMap(inverseQueries),
    plan: (observed) => {
      const undone = undo(done, observed);
      if ('refusal' in undone) return undone;
      const message = undone.notes.length === 0 ? null : undone.notes.join('\n');
      const isShown = (one: Change) => !isUpkeep && !isMemory(one);
      const { changes: all } = undone;
      const upkeep = all.filter((one) => !isShown(one));
      return { changes: all.filter(isShown), upkeep, message };
    },
  };
}

/** What xpush remembers on a host is nobody's configuration. */
function isMemory(one: Change): boolean {
  return 'path' in one && one.path.startsWith('/var/lib/xpush/');
}

interface Undone {
  readonly changes: readonly Change[];
  readonly notes: readonly string[];
}

function undo(done: readonly Change[], observed: HostState): Undone | Refusal {
  let state = observed;
  const changes: Change[] = [];
  const notes: string[] = [];
  for (const one of done) {
    const failure = inverseQueries(one).flatMap((asked) => failureOf(observed, asked) ?? [])[0];
    if (failure !== undefined) return { refusal: failure, hint: null };
    const inverse = inverseOf(one, state);
    if ('moved' in inverse) {
      return {
        refusal: `${inverse.moved}: nothing was undone on this host`,
        hint: 'what was changed since is not overwritten: put it back by hand, or leave it as it is',
      };
    }
    if ('impossible' in inverse) {
      return { refusal: `cannot be undone: ${inverse.impossible}`, hint: null };
    }
    changes.push(...inverse.changes);
    notes.push(...inverse.notes);
    state = inverse.changes.reduce((before: HostState, each) => before.after(each), state);
  }
  return { changes, notes };
}
