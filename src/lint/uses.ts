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
  const tasks = plays.flatMap((play) => play.tasks);
  const levels = new Set<Variables>([
    ...tasks.flatMap(levelsOf),
    ...(inventory === null ? [] : inventoryLevels(inventory)),
  ]);
  const uses = [
    ...tasks.flatMap(namesUsed),
    ...[...levels].flatMap((level) => Object.values(level).flatMap(usesInValue)),
  ];
  return new Set(uses.map(({ keys: [root] }) => root));
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
  return keywords.register === null ? facts : [keywords.register, ...facts];
}
