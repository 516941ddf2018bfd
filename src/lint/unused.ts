import { varsNode } from '../inventory/vars.ts';
import { type Handler, noKeywords, type Variables } from '../playbook/keywords.ts';
import type { Task } from '../playbook/model.ts';
import { quoted } from '../source/quoted.ts';
import { nodeAt, placeOf } from '../source/source-node.ts';
import type { Finding, Rule } from './finding.ts';
import type { Subject } from './subject.ts';
import { namesRead } from './uses.ts';

/** Results that are registered and never read. */
export function unusedRegisters({ plays, inventory }: Subject): readonly Finding[] {
  const read = namesRead(plays, inventory);
  if (read.has('*')) return [];
  return plays.flatMap(({ tasks }) =>
    tasks.flatMap(({ node, keywords = noKeywords }): Finding[] => {
      const { register } = keywords;
      if (register === null || node === undefined || read.has(register)) return [];
      const place = placeOf(node, ['register'], 'value');
      return [warning('unused-register', place, `nothing reads ${quoted(register)}`)];
    }),
  );
}

/** Variables of plays, tasks and roles, and defaults of roles, that are never read. */
export function unusedVariables({ plays, inventory }: Subject): readonly Finding[] {
  const read = namesRead(plays, inventory);
  const tasks = plays.flatMap((play) => play.tasks);
  const levels = (of: (task: Task) => readonly Variables[]) => new Set(tasks.flatMap(of));
  const unused = (rule: Rule, all: Iterable<Variables>): Finding[] =>
    [...all].flatMap((level) =>
      [...(varsNode(level)?.entries ?? [])]
        .filter(([name]) => !read.has(name))
        .map(([name, { key }]) => warning(rule, key, `nothing reads ${quoted(name)}`)),
    );
  return [
    ...unused(
      'unused-variable',
      levels(({ keywords = noKeywords }) => keywords.vars),
    ),
    ...unused(
      'unused-default',
      levels(({ keywords = noKeywords }) => keywords.defaults),
    ),
  ];
}

/** Handlers that no task notifies, other handlers among these. */
export function unusedHandlers({ plays }: Subject): readonly Finding[] {
  return plays.flatMap(({ tasks }) => {
    const notified = new Set<Handler>(
      tasks.flatMap(({ keywords = noKeywords }) => keywords.notify),
    );
    return tasks.flatMap(({ name, place, node, keywords = noKeywords }): Finding[] => {
      const { handler } = keywords;
      if (handler === null || notified.has(handler)) return [];
      const named = node === undefined ? undefined : nodeAt(node, ['name']);
      const message = `no task notifies ${quoted(name)}`;
      return [warning('unused-handler', named?.place ?? place, message)];
    });
  });
}

function warning(rule: Rule, place: Finding['place'], message: string): Finding {
  return { rule, severity: 'warning', place, message, hint: null };
}
