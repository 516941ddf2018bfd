import { noKeywords } from '../playbook/keywords.ts';
import type { Finding } from './finding.ts';
import type { Subject } from './subject.ts';

/** Conditions of `when` and `until` in which there is no variable. */
export function constantConditions({ plays }: Subject): readonly Finding[] {
  const tasks = plays.flatMap((play) => play.tasks);
  const conditions = tasks.flatMap(({ keywords = noKeywords }) => [
    ...keywords.when,
    ...(keywords.until?.conditions ?? []),
  ]);
  return [...new Set(conditions)]
    .filter(({ names }) => names.length === 0)
    .map(({ place }) => ({
      rule: 'constant-condition',
      severity: 'warning',
      place,
      message: 'this condition is always the same',
      hint: 'a condition has variables; tags choose tasks by hand',
    }));
}
