import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Diagnostic } from '../source/diagnostic.ts';
import type { Result } from '../source/result.ts';
import type { Place } from '../source/source-text.ts';
import type { Step } from '../steps/step.ts';
import { withOwnSteps } from './own-steps.ts';
import { PlaybookFiles } from './playbook-files.ts';
import { builtInSteps } from './step-book.ts';

/** A step that a user wrote for a project. */
export interface ProjectStep {
  readonly step: Step;
  /** Where it says its name. */
  readonly place: Place;
  /** The role whose tasks alone may name it; null: all tasks may. */
  readonly role: string | null;
}

/** The steps that a user wrote beside the playbooks of a directory and in the roles there, or what is wrong with any. */
export function projectSteps(directory: string): Result<readonly ProjectStep[]> {
  const files = new PlaybookFiles();
  const beside = withOwnSteps(builtInSteps, directory, files);
  if (!beside.ok) return beside;
  const diagnostics: Diagnostic[] = [];
  const found = new Map<Step, ProjectStep>();
  const take = (
    book: Iterable<{ readonly step: Step; readonly place: Place | null }>,
    role: string | null,
  ) => {
    for (const { step, place } of book) {
      if (place !== null && !found.has(step)) found.set(step, { step, place, role });
    }
  };
  take(beside.value.values(), null);
  for (const role of rolesIn(directory)) {
    const ofRole = withOwnSteps(beside.value, join(directory, 'roles', role), files);
    if (ofRole.ok) take(ofRole.value.values(), role);
    else diagnostics.push(...ofRole.diagnostics);
  }
  return diagnostics.length > 0
    ? { ok: false, diagnostics }
    : { ok: true, value: [...found.values()] };
}

function rolesIn(directory: string): readonly string[] {
  try {
    return readdirSync(join(directory, 'roles')).toSorted();
  } catch {
    return []; // there are none
  }
}
