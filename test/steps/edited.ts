import * as v from 'valibot';
import type { Plan, Refusal, Step } from '../../src/steps/step.ts';
import { bind, fileOf, planTwice } from './observed.ts';

/** Of a file's bytes, what a step makes of them. */
export interface Outcome {
  /** null: no change. */
  readonly text: string | null;
  readonly message: string | null;
  readonly refusal: string | null;
  /** Whether a second run changes nothing. */
  readonly isSettled: boolean;
}

/** The step's edit of the file (null: there is none) on a plain host; parameters as a playbook has them. */
export function edited(step: Step, params: object, path: string, text: string | null): Outcome {
  const values = v.parse(step.params, params);
  const { first, second } = planTwice(bind(step, 'plain', values), {
    ...(text === null ? {} : { [`file:${path}`]: fileOf(text) }),
    [`file:${path.replace(/\/[^/]*$/, '') || '/'}`]: { type: 'directory' },
  });
  return {
    text: textOf(first, path),
    message: 'refusal' in first ? null : (first.message ?? null),
    refusal: 'refusal' in first ? first.refusal : null,
    isSettled: 'changes' in second && second.changes.length === 0,
  };
}

function textOf(plan: Plan | Refusal, path: string): string | null {
  const changes = 'refusal' in plan ? [] : plan.changes;
  const write = changes.find((one) => one.kind === 'write' && one.path === path);
  return write?.kind === 'write' ? write.content : null;
}

/** What is wrong with parameters; empty: nothing. */
export function complaints(step: Step, params: object): readonly string[] {
  const read = v.safeParse(step.params, params);
  return read.success ? [] : read.issues.map(({ message }) => message);
}
