import type { Inventory } from '../inventory/model.ts';
import type { Data } from '../source/data.ts';
import { type Secret, secretsIn } from '../source/secret.ts';
import type { SourceNode } from '../source/source-node.ts';
import { TemplateText } from '../source/template-text.ts';
import { validate } from '../source/validate.ts';
import type { Expression, Template, VariableUse } from '../template/template.ts';
import { noKeywords, type Variables } from './keywords.ts';
import type { Task } from './model.ts';
import { isTemplateFile, templateFileOf } from './template-files.ts';
import { expressionAt, templateAt, templateOf } from './written-templates.ts';

/** A task, as far as what it reads goes. */
type Reader = Pick<Task, 'keywords'> & Partial<Pick<Task, 'step' | 'params'>>;

/** The variables that a task reads by itself, and in its template files, in the order in which it is written. */
export function namesUsed(task: Reader): readonly VariableUse[] {
  const { keywords = noKeywords } = task;
  const { when, changedWhen, failedWhen, until, loop, environment, written } = keywords;
  const texts: readonly (Template | Expression | null)[] = [
    ...when,
    ...(changedWhen ?? []),
    ...(failedWhen ?? []),
    ...(until?.conditions ?? []),
    loop?.label ?? null,
  ];
  return [
    ...texts.flatMap((one) => one?.names ?? []),
    ...namesIn(loop?.items),
    ...namesIn(environment),
    ...namesIn(keywords.becomeUser),
    ...namesIn(keywords.delegate),
    ...namesIn(written?.node, written?.expressions),
    ...filesOf(task).flatMap((file) => file?.names ?? []),
  ];
}

/** The template files of a task; null for one of which the host decides which it is. */
function filesOf({ step, params, keywords = noKeywords }: Reader): readonly (Template | null)[] {
  const known = Object.values(params ?? {}).filter(isTemplateFile);
  if (known.length > 0 || step === undefined || keywords.written === null) {
    return known.map(templateOfFile);
  }
  const { node, lookUp } = keywords.written;
  if (node.kind !== 'map') return [];
  return [...node.entries].flatMap(([name, { value }]): (Template | null)[] => {
    const schema = step.params.entries[name];
    if (schema === undefined || value.kind !== 'scalar') return [];
    const read = validate(schema, value);
    if (!read.ok || !isTemplateFile(read.value)) return [];
    if (templateAt(value) !== null) return [null];
    return lookUp({ [name]: read.value }, node).length > 0 ? [] : [templateOfFile(read.value)];
  });
}

function templateOfFile(file: Parameters<typeof templateFileOf>[0]): Template | null {
  const read = templateFileOf(file);
  return read.ok ? read.value : null;
}

/** The variables that the texts of a node read; those under the keys in `expressions` need no braces. */
function namesIn(
  node: SourceNode | null | undefined,
  expressions: readonly string[] = [],
): readonly VariableUse[] {
  switch (node?.kind) {
    case undefined:
    case 'secret':
      return [];
    case 'scalar': {
      const template = templateAt(node);
      return template?.ok === true ? template.value.names : [];
    }
    case 'list':
      return node.items.flatMap((item) => namesIn(item));
    case 'map':
      return [...node.entries].flatMap(([key, { value }]) =>
        expressions.includes(key) ? namesOfExpressions(value) : namesIn(value),
      );
  }
}

function namesOfExpressions(node: SourceNode): readonly VariableUse[] {
  if (node.kind === 'list') return node.items.flatMap(namesOfExpressions);
  if (node.kind !== 'scalar') return namesIn(node);
  const expression = expressionAt(node);
  return expression.ok ? expression.value.names : [];
}

/** All templates in the value of a variable. */
export function templatesOf(data: Data | undefined): readonly TemplateText[] {
  if (data instanceof TemplateText) return [data];
  if (data === undefined || data === null || typeof data !== 'object') return [];
  return Object.values(data).flatMap(templatesOf);
}

/** All values that a variable may have: which level decides is not asked. */
export type ValuesOf = (name: string) => Iterable<Data>;

/** The levels that a task sees, but for those of its host. */
export function levelsOf({ keywords = noKeywords }: Pick<Task, 'keywords'>): readonly Variables[] {
  return [...keywords.defaults, ...keywords.vars, keywords.extraVars];
}

/** The values of variables on any of these levels, each once. */
export function valuesOn(levels: Iterable<Variables>): ValuesOf {
  const values = new Map<string, Set<Data>>();
  for (const level of levels) {
    for (const [name, value] of Object.entries(level)) {
      const known = values.get(name);
      if (known === undefined) values.set(name, new Set([value]));
      else known.add(value);
    }
  }
  return (name) => values.get(name) ?? [];
}

/** These names, and those that the templates in their values read in turn. */
export function reachedNames(names: Iterable<string>, valuesOf: ValuesOf): ReadonlySet<string> {
  const reached = new Set<string>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    for (const value of valuesOf(name)) {
      for (const text of templatesOf(value)) {
        const template = templateOf(text);
        if (template.ok) open.push(...template.value.names.map(({ keys: [root] }) => root));
      }
    }
  }
  return reached;
}

/** Tasks, and the hosts that they are for. */
interface Hosted {
  readonly play: { readonly tasks: readonly Pick<Task, 'step' | 'params' | 'keywords'>[] };
  readonly hosts: ReadonlySet<string>;
}

/**
 * The secrets that tasks can come to use: those written in them, and those of the variables that their
 * templates can reach on any of their hosts; of all hosts, where they ask for `hostvars`.
 */
export function secretsUsed(
  plays: readonly Hosted[],
  { hosts: all }: Pick<Inventory, 'hosts'>,
): readonly Secret[] {
  const found = new Set<Secret>();
  const keep = (value: unknown): void => {
    for (const secret of secretsIn(value)) found.add(secret);
  };
  const allVars = [...all.values()].map(({ vars }) => vars);
  for (const { play, hosts } of plays) {
    if (hosts.size === 0) continue;
    const ofHosts = valuesOn(
      [...hosts].flatMap((name): Variables[] => {
        const host = all.get(name);
        return host === undefined ? [] : [host.vars];
      }),
    );
    for (const task of play.tasks) {
      const { written, loop, environment } = task.keywords ?? noKeywords;
      keep([task.params, written?.node, loop?.items, environment]);
      const ofTask = valuesOn(levelsOf(task));
      const valuesOf: ValuesOf = (name) => [...ofTask(name), ...ofHosts(name)];
      const names = reachedNames(rootsUsed(task), valuesOf);
      for (const name of names) keep([...valuesOf(name)]);
      const mayReadAll = names.has('hostvars') || filesOf(task).includes(null);
      if (mayReadAll) keep([allVars, levelsOf(task)]);
    }
  }
  return [...found];
}

function rootsUsed(task: Reader): readonly string[] {
  return namesUsed(task).map(({ keys: [root] }) => root);
}
