import type { Inventory } from '../inventory/model.ts';
import { noKeywords, type Variables } from '../playbook/keywords.ts';
import type { Play, Task } from '../playbook/model.ts';
import { levelsOf, namesUsed, templatesOf } from '../playbook/names-used.ts';
import { templateOf } from '../playbook/written-templates.ts';
import type { Data } from '../source/data.ts';
import type { VariableUse } from '../template/template.ts';
import { inventoryLevels } from './subject.ts';

/** The names of all variables that anything in these plays, or in the inventory, reads. */
export function namesRead(
  plays: readonly Play[],
  inventory: Inventory | null,
): ReadonlySet<string> {
  const ofTasks = plays.flatMap(({ tasks }) => tasks.flatMap(usesIn));
  const uses = [...ofTasks, ...usesOfVariables(plays, inventory)];
  return new Set(uses.flatMap(({ keys: [root, host, name] }) => ofOthers(root, host, name)));
}

/** What is read of another host is read by name, too; where its name is worked out, nobody knows which: `*`. */
function ofOthers(root: string, ...[host, name]: readonly unknown[]): readonly string[] {
  if (root !== 'hostvars') return [root];
  return [root, host === undefined || typeof name !== 'string' ? '*' : name];
}

/** What the variables of these plays, and of the inventory, read. */
export function usesOfVariables(
  plays: readonly Play[],
  inventory: Inventory | null,
): readonly VariableUse[] {
  const tasks = plays.flatMap((play) => play.tasks);
  const levels = new Set<Variables>([
    ...tasks.flatMap(levelsOf),
    ...(inventory === null ? [] : inventoryLevels(inventory)),
  ]);
  return [...levels].flatMap((level) => Object.values(level).flatMap(usesInValue));
}

const known = new WeakMap<Task, readonly VariableUse[]>();

/** What a task reads by itself; the same on every host. */
export function usesIn(task: Task): readonly VariableUse[] {
  const uses = known.get(task) ?? namesUsed(task);
  known.set(task, uses);
  return uses;
}

/** What a task cannot do without: it neither tests for it anywhere nor has a default for it. */
export function needsOf(task: Task): readonly VariableUse[] {
  const uses = usesIn(task);
  const tested = uses.filter(({ mayBeMissing }) => mayBeMissing);
  return uses.filter(
    ({ keys, mayBeMissing }) =>
      !mayBeMissing && !tested.some((one) => one.keys.every((key, index) => key === keys[index])),
  );
}

/** What the templates in the value of a variable read. */
export function usesInValue(value: Data): readonly VariableUse[] {
  return templatesOf(value).flatMap((text) => {
    const template = templateOf(text);
    return template.ok ? template.value.names : [];
  });
}

/** The variables that a task sets for those behind it. */
export function namesTold({ step, node, keywords = noKeywords }: Task): readonly string[] {
  const written = step.name === 'set_fact' ? node?.entries.get(step.name)?.value : undefined;
  const facts = written?.kind === 'map' ? [...written.entries.keys()] : [];
  const hosts = ['add_host', 'group_by'].includes(step.name) ? ['groups', 'hostvars'] : [];
  return [...facts, ...hosts, keywords.register ?? []].flat();
}
