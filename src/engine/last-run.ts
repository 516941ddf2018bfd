import { answerTo } from '../host/answer.ts';
import { change } from '../host/change.ts';
import { query } from '../host/query.ts';
import type { HostState } from '../host/state.ts';
import {
  type Generation,
  generationsDirectory,
  readGeneration,
  undoStepName,
} from './generation.ts';
import type { SavedTask } from './saved-tasks.ts';
import { undoneTask } from './undone-task.ts';

/** What tells which runs a host could undo. */
export const generationsQuery = query.directory(generationsDirectory, '.json');

/** What a host keeps of one run. */
export interface KeptRun {
  readonly id: string;
  readonly by: string;
  readonly since: string;
  /** In the order in which they were made, with the paths of their files. */
  readonly parts: readonly KeptPart[];
}

interface KeptPart {
  readonly path: string;
  /** null: nobody can read it. */
  readonly generation: Generation | null;
}

/** As runs are named: hosts may keep other files there. */
const ofRun = /^(\d{8}T\d{6}Z-[\da-f]{6})\.(\d{1,6})\.json$/;

/** The runs of which a host keeps what undoes them, the newest first. */
export function keptRuns(state: HostState): readonly KeptRun[] {
  const files = answerTo(state, generationsQuery)?.files ?? new Map();
  const runs = new Map<string, (KeptPart & { readonly number: number })[]>();
  for (const [path, file] of files) {
    const [, id, number] = ofRun.exec(path.replace(`${generationsDirectory}/`, '')) ?? [];
    if (id === undefined || file.type !== 'file') continue;
    const text = file.content === null ? null : Buffer.from(file.content, 'latin1').toString();
    const generation = text === null ? null : readGeneration(text);
    const isOfRun = generation === null || generation.run.id === id;
    const part = { path, generation: isOfRun ? generation : null, number: Number(number) };
    runs.set(id, [...(runs.get(id) ?? []), part]);
  }
  return [...runs]
    .sort(([a], [b]) => (a < b ? 1 : -1))
    .map(([id, parts]) => {
      const run = parts.find((part) => part.generation !== null)?.generation?.run;
      const inOrder = parts.toSorted((a, b) => a.number - b.number);
      return { id, by: run?.by ?? '', since: run?.since ?? '', parts: inOrder };
    });
}

/** Whether a run has changed more than its own memories: else there is nothing that anybody would undo. */
export function isWorthUndoing({ parts }: KeptRun): boolean {
  return parts.some(
    ({ generation }) =>
      generation === null ||
      generation.problem !== null ||
      generation.tasks.some(({ isUpkeep }) => !isUpkeep),
  );
}

/** What undoes a run on a host, last first, and then forgets it. */
export function undoingTasks(run: KeptRun): readonly (SavedTask & { readonly name: string })[] {
  const parts = run.parts.toReversed();
  return [
    ...parts.flatMap(({ path, generation }) => {
      if (generation === null) return [refusing(`${path} is not as xpush wrote it`)];
      if (generation.problem !== null) return [refusing(generation.problem)];
      return generation.tasks
        .toReversed()
        .map((task) => ({ ...undoneTask(task), name: `Undo: ${task.task}` }));
    }),
    forgetting(run),
  ];
}

/** In place of what undoes a run, on a host that cannot tell which runs it could undo. */
export function untold(failure: string): SavedTask & { readonly name: string } {
  return {
    ...{ step: undoStepName, name: 'Undo', network: false, queries: [generationsQuery] },
    plan: () => ({ refusal: failure, hint: null }),
  };
}

function refusing(problem: string): SavedTask & { readonly name: string } {
  return {
    ...{ step: undoStepName, name: 'Undo', network: false, queries: [] },
    plan: () => ({ refusal: `cannot be undone: ${problem}`, hint: null }),
  };
}

/** Comes last: what was not undone whole is kept. */
function forgetting({ parts }: KeptRun): SavedTask & { readonly name: string } {
  const files = parts.map(({ path }) => query.file(path));
  return {
    ...{ step: undoStepName, name: 'Forget the run', network: true, queries: files },
    plan: (state) => ({
      changes: [],
      upkeep: files.flatMap((asked) => {
        const found = answerTo(state, asked);
        return found === null ? [] : change.removeFile(asked.path, found, 'boot');
      }),
    }),
  };
}
