import type { Judgement } from '../playbook/judge.ts';
import { type Ending, type Told, untold } from '../playbook/knowledge.ts';
import { untoldSets } from '../playbook/others.ts';
import type { Plan } from '../steps/step.ts';
import type { TaskStatus } from './events.ts';

/** How a task ends of which nobody can tell that before it is done. */
export function unknownEnding(task: Parameters<typeof untoldSets>[0]): Ending {
  return { ...nobodyKnows, sets: untoldSets(task) };
}

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
  return { ...nobodyKnows, sets: Object.fromEntries(unset) };
}

/** How a task has ended, for those behind it; `sets`: the variables that it sets. */
export function endingOf(
  status: TaskStatus,
  judgement: Judgement | null,
  sets: Readonly<Record<string, Told>>,
): Ending {
  if (judgement !== null) return { status: judgement.status, result: judgement.result, sets };
  return { status: status === 'unknown' ? 'untold' : status, result: untold, sets };
}

const nobodyKnows: Ending = { status: 'untold', result: untold, sets: {} };
