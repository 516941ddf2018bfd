import type { DirectoryState, FileState } from '../../src/host/query.ts';
import type { HostState } from '../../src/host/state.ts';
import type { BoundStep, Plan, Refusal, Step } from '../../src/steps/step.ts';
import { bind, fileOf, stateFor } from './observed.ts';

/** A directory with these files of root's. */
export function listingOf(files: Readonly<Record<string, string | FileState>>): DirectoryState {
  return {
    exists: true,
    files: new Map(
      Object.entries(files).map(([path, file]) => [
        path,
        typeof file === 'string' ? fileOf(file) : file,
      ]),
    ),
    isCut: false,
  };
}

/** The world that a plan of the step leads to. Throws where it is refused. */
export function worldAfter(
  bound: BoundStep,
  answers: Readonly<Record<string, unknown>> = {},
): HostState {
  const state = stateFor(bound, answers);
  return after(bound.plan(state), state);
}

/** The world that a plan leads to. Throws for a refusal. */
export function after(plan: Plan | Refusal, state: HostState): HostState {
  if ('refusal' in plan) throw new Error(plan.refusal);
  return [...plan.changes, ...(plan.upkeep ?? [])].reduce(
    (before: HostState, change) => before.after(change),
    state,
  );
}

/** What takes the step off a host that no inventory knows, and the same once that is done. */
export function leaveTwice(
  step: Step,
  state: HostState,
): { readonly first: Plan | Refusal; readonly second: Plan | Refusal } {
  const leave = bind(step, 'bare').leave;
  if (leave === null) throw new Error(`${step.name} never leaves`);
  const first = leave(state);
  return { first, second: 'refusal' in first ? first : leave(after(first, state)) };
}
