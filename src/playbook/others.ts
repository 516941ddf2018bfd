import type { Inventory } from '../inventory/model.ts';
import { levelsOfVars } from '../inventory/vars.ts';
import type { VariableUse } from '../template/template.ts';
import { factNames } from './facts.ts';
import { noKeywords, type Variables } from './keywords.ts';
import { type Knowledge, untold } from './knowledge.ts';
import type { Task } from './model.ts';
import { levelsOf, namesUsed, templateFilesOf, templatesOf } from './names-used.ts';
import { templateOf } from './written-templates.ts';

/** What the plays before have told of other hosts, which `hostvars` has. */
export interface Others {
  /** undefined: nothing was told of the host. */
  readonly of: (host: string) => Knowledge | undefined;
  /** Names that are being told while this is read: not before the next plays does anybody know them. */
  readonly pending: ReadonlySet<string>;
}

type Reader = Pick<Task, 'step' | 'params'> & Partial<Pick<Task, 'keywords'>>;

/** The variables that a task sets: those of `set_fact`, and what keeps its result. */
export function namesSet({ step, params, keywords = noKeywords }: Reader): readonly string[] {
  const { register, written } = keywords;
  const own = written === null ? Object.keys(params ?? {}) : [];
  const facts = written?.node.kind === 'map' ? [...written.node.entries.keys()] : own;
  return [...(step.name === 'set_fact' ? facts : []), ...(register === null ? [] : [register])];
}

/** Its variables once it is done, when nobody knows what they are. */
export function untoldSets(task: Reader): Readonly<Record<string, typeof untold>> {
  return Object.fromEntries(namesSet(task).map((name) => [name, untold] as const));
}

/**
 * Whether a task may read of other hosts what tasks before it have told.
 *
 * @param told names that they have set
 * @param aliases variables that come to `hostvars`
 */
export function readsOthers(
  task: Reader,
  told: ReadonlySet<string>,
  aliases: ReadonlySet<string>,
): boolean {
  const uses = [...namesUsed(task), ...levelsOf(task).flatMap(usesIn)];
  const mayRead = ({ keys: [root, , name] }: VariableUse): boolean => {
    if (aliases.has(root)) return true;
    if (root !== 'hostvars') return false;
    return typeof name !== 'string' || told.has(name) || factNames.includes(name);
  };
  return uses.some(mayRead) || templateFilesOf(task).includes(null);
}

/** Whether a task may tell other hosts something: a variable, or facts. */
export function tellsOthers(task: Reader): boolean {
  const uses = namesUsed(task);
  return namesSet(task).length > 0 || uses.some(({ keys: [root] }) => factNames.includes(root));
}

/** The variables of an inventory that come to `hostvars`, by way of others too. */
export function hostvarsAliases({ hosts }: Inventory): ReadonlySet<string> {
  const levels = new Set([...hosts.values()].flatMap(({ vars }) => levelsOfVars(vars)));
  const roots = new Map<string, Set<string>>();
  for (const { vars } of levels) {
    for (const [name, value] of Object.entries(vars)) {
      for (const { keys } of usesIn({ value })) {
        roots.set(name, (roots.get(name) ?? new Set()).add(keys[0]));
      }
    }
  }
  const found = new Set<string>();
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const [name, used] of roots) {
      if (used.has('hostvars') || [...used].some((one) => found.has(one))) found.add(name);
    }
  }
  return found;
}

function usesIn(level: Variables): readonly VariableUse[] {
  return templatesOf(level).flatMap((text) => {
    const template = templateOf(text);
    return template.ok ? template.value.names : [];
  });
}
