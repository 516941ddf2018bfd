import type { Data } from '../source/data.ts';
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
    ...templateFilesOf(task).flatMap((file) => file?.names ?? []),
  ];
}

/** The template files of a task; null for one of which the host decides which it is. */
export function templateFilesOf({
  step,
  params,
  keywords = noKeywords,
}: Reader): readonly (Template | null)[] {
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
  return closed(names, (name) => readBy(valuesOf(name)));
}

/** Names, and those that come of them. */
export function closed(
  names: Iterable<string>,
  next: (name: string) => Iterable<string>,
): ReadonlySet<string> {
  const reached = new Set<string>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    open.push(...next(name));
  }
  return reached;
}

/** The variables that templates in these values read. */
export function readBy(values: Iterable<Data>): ReadonlySet<string> {
  const roots = new Set<string>();
  for (const value of values) {
    for (const text of templatesOf(value)) {
      const template = templateOf(text);
      if (template.ok) for (const { keys } of template.value.names) roots.add(keys[0]);
    }
  }
  return roots;
}
