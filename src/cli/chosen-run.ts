import type { KeptRun } from '../engine/last-run.ts';
import { compressNames } from './host-names.ts';
import { UsageError } from './usage-error.ts';

/** By host: the runs that it could undo, newest first. */
export type KeptRuns = ReadonlyMap<string, readonly KeptRun[]>;

/** The run that is undone, and what is said of it first. */
export interface ChosenRun {
  readonly id: string | null;
  readonly undone: readonly (readonly [string, KeptRun])[];
  readonly notes: readonly string[];
}

interface Known {
  /** Ids of the runs that this machine has records of. */
  readonly recorded: ReadonlySet<string>;
  readonly nowMs: number;
}

/** Clocks of controllers differ. */
const toleranceMs = 600_000;

/**
 * The run to undo: the named one, else the last. Hosts may lie about their own runs only: a run that
 * lies in the future is left alone, and one that a single host knows of is not taken for the last run
 * of all of them. Throws `UsageError` when that leaves it open which was the last.
 */
export function chooseRun(kept: KeptRuns, run: string | undefined, known: Known): ChosenRun {
  if (run !== undefined) {
    return chosen(kept, run, `Nothing to undo: no host remembers run ${run}`);
  }
  const keepers = keepersOf(kept);
  const isRecorded = (id: string) => known.recorded.has(id);
  const ids = [...keepers.keys()].sort().toReversed();
  const isToCome = (id: string) => !isRecorded(id) && timeOf(id) > known.nowMs + toleranceMs;
  const past = ids.filter((id) => !isToCome(id));
  const isVouchedFor = (id: string) => isRecorded(id) || (keepers.get(id)?.length ?? 0) > 1;
  const [last] = past;
  const sure = past.find(isVouchedFor);
  const isAlone = [...kept.values()].filter((runs) => runs.length > 0).length === 1;
  if (!isAlone && last !== undefined && sure !== undefined && last !== sure) {
    const names = compressNames(keepers.get(last) ?? []).join(', ');
    throw new UsageError(
      `which run was the last is not sure: of run ${last} only ${names} knows, and there is no record of it here`,
      `name the run: --run ${last} undoes that one, --run ${sure} the last that others know`,
    );
  }
  const left = ids.filter(isToCome).map((id) => {
    const names = compressNames(keepers.get(id) ?? []).join(', ');
    return `Left alone: run ${id}, which ${names} remembers, lies in the future (--run ${id} undoes it)`;
  });
  const one = chosen(kept, last ?? null, 'Nothing to undo: no host remembers a run');
  return { ...one, notes: [...one.notes, ...left] };
}

function chosen(kept: KeptRuns, id: string | null, nothing: string): ChosenRun {
  const undone = [...kept].flatMap(([name, runs]) => {
    const one = runs.find((each) => each.id === id);
    return one === undefined ? [] : [[name, one] as const];
  });
  const [first] = undone;
  if (first === undefined) return { id, undone, notes: [nothing] };
  const [, { by, since }] = first;
  const changed = new Set(undone.map(([name]) => name));
  const others = [...kept].flatMap(([name, runs]) =>
    runs.length > 0 && !changed.has(name) ? [name] : [],
  );
  const left = `Left alone, as that run did not change them: ${compressNames(others).join(', ')}`;
  const said = `Undoing run ${id} of ${by}, begun ${since}`;
  return { id, undone, notes: others.length === 0 ? [said] : [said, left] };
}

/** By run: the hosts that remember it. */
function keepersOf(kept: KeptRuns): ReadonlyMap<string, readonly string[]> {
  const keepers = new Map<string, string[]>();
  for (const [name, runs] of kept) {
    for (const { id } of runs) keepers.set(id, [...(keepers.get(id) ?? []), name]);
  }
  return keepers;
}

/** When a run began: its id says so, as `20261122T230501Z-3f9a2c`. */
function timeOf(id: string): number {
  const [, day, time] = /^(\d{8})T(\d{6})Z/.exec(id) ?? [];
  const dashed = day?.replace(/^(....)(..)(..)$/, '$1-$2-$3');
  const timed = time?.replace(/^(..)(..)(..)$/, '$1:$2:$3');
  const ms = Date.parse(`${dashed}T${timed}Z`);
  return Number.isNaN(ms) ? Number.POSITIVE_INFINITY : ms;
}
