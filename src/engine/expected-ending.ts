import type { Judgement } from '../playbook/judge.ts';
import { type Ending, untold } from '../playbook/knowledge.ts';
import type { Plan } from '../steps/step.ts';

/** How a task ends of which nobody can tell that before it is done. */
export const unknownEnding: Ending = { status: 'untold', result: untold, sets: {} };

/**
 * How a task is to end, for those behind it; its plan tells what it sets.
 *
 * @param judgement null: nobody can tell how it ends
 */
export function expectedEnding(
  judgement: Judgement | null,
  { sets = {} }: Pick<Plan, 'sets'> = {},
): Ending {
  if (judgement !== null) return { ...judgement, sets };
  const unset = Object.keys(sets).map((name) => [name, untold] as const);
  return { ...unknownEnding, sets: Object.fromEntries(unset) };
}
