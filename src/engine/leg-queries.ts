import type { Query } from '../host/query.ts';
import { HostState } from '../host/state.ts';
import { factNames, factQueries } from '../playbook/facts.ts';
import { noKeywords } from '../playbook/keywords.ts';
import { afterEnding, type Ending, type Knowledge } from '../playbook/knowledge.ts';
import { namesUsed } from '../playbook/names-used.ts';
import type { Prepared } from '../playbook/prepare.ts';
import { expectedEnding, unknownEnding } from './expected-ending.ts';
import type { OpenTask } from './open-task.ts';
import { predictedOutcomes } from './plan-effects.ts';

/** What tasks ask that can be told by now, and what the host lacks for them. */
export function queriesOf(
  tasks: readonly OpenTask[],
  told: Knowledge,
  seen: HostState | null = null,
): readonly Query[] {
  let known = told;
  const asked: Query[] = [];
  for (const task of tasks) {
    const { keywords = noKeywords } = task.task;
    const prepared = task.prepare(known);
    if (prepared.type === 'ready') asked.push(...prepared.bound.queries);
    if (prepared.type === 'waits') {
      asked.push(...(prepared.queries ?? []));
      if (factNames.includes(prepared.name) || usesFacts(task.task)) asked.push(...factQueries);
    }
    known = afterEnding(known, keywords, beforehand(prepared, task));
  }
  return seen === null ? asked : asked.filter((one) => seen.get(one) === undefined);
}

const factUsers = new WeakMap<object, boolean>();

/** Whether a task asks for facts, whatever else it waits for. */
function usesFacts(task: OpenTask['task']): boolean {
  const { keywords = noKeywords } = task;
  const known =
    factUsers.get(keywords) ?? namesUsed(task).some(({ keys: [root] }) => factNames.includes(root));
  factUsers.set(keywords, known);
  return known;
}

/** What a task tells whatever its host is like (`set_fact`). */
function beforehand(prepared: Prepared, { task }: OpenTask): Ending {
  if (prepared.type === 'skipped') return expectedEnding(prepared.judgement);
  if (prepared.type !== 'ready' || prepared.bound.queries.length > 0) return unknownEnding(task);
  const plan = prepared.bound.plan(nothingSeen);
  if ('refusal' in plan || plan.changes.length > 0) return unknownEnding(task);
  return expectedEnding(prepared.judge(predictedOutcomes(plan)), plan);
}

const nothingSeen = new HostState(new Map());
