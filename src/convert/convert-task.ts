import {
  type KeptMap,
  type KeptNode,
  type KeptPair,
  keptAt,
  keptMap,
  keptPair,
  keptText,
  remarked,
} from '../source/kept-yaml.ts';
import { convertKeyword } from './convert-keyword.ts';
import { convertLoop, type Glob } from './convert-loop.ts';
import { convertStep } from './convert-step.ts';
import { taskKeyword } from './keywords.ts';
import { argumentsOf } from './module-arguments.ts';
import { bareName } from './modules.ts';
import { Remarks, Unconvertible } from './talk.ts';

/** What is known around a task. */
export interface TaskSurroundings {
  readonly glob: Glob;
}

/** Keywords whose value names a file or a role. */
const imports = ['import_tasks', 'include_tasks', 'import_role', 'include_role'];

/** One task that is a step, an import or a `meta`. Throws `Unconvertible`. */
export function convertTask(node: KeptMap, around: TaskSurroundings): KeptMap {
  const task = withoutAction(shortNames(node));
  const remarks = new Remarks();
  const only = task.pairs.find(({ key }) => imports.includes(key) || key === 'meta');
  const pairs =
    only === undefined
      ? stepPairs(task, around, remarks)
      : only.key === 'meta'
        ? metaPairs(task, remarks)
        : importPairs(task, only, remarks);
  return remarked({ ...task, pairs }, remarks.lines);
}

/** Keywords and modules without their collections. */
function shortNames(node: KeptMap): KeptMap {
  const pairs = node.pairs.map((pair) => {
    const bare = bareName(pair.key);
    const key = bare === 'include' ? 'import_tasks' : bare;
    return [...imports, 'meta'].includes(key) ? { ...pair, key } : pair;
  });
  return { ...node, pairs };
}

/** `action: copy src=a` and `local_action` as the step itself. */
function withoutAction(node: KeptMap): KeptMap {
  const pairs = node.pairs.flatMap((pair): readonly KeptPair[] => {
    if (pair.key !== 'action' && pair.key !== 'local_action') return [pair];
    const here = pair.key === 'local_action' ? [keptPair('delegate_to', 'localhost')] : [];
    return [{ ...pair, ...actionOf(pair.value) }, ...here];
  });
  return { ...node, pairs };
}

function actionOf(value: KeptNode): Pick<KeptPair, 'key' | 'value'> {
  if (value.kind === 'map') {
    const module = keptText(keptAt(value, 'module'));
    if (module === null) throw new Unconvertible('action names no module');
    const pairs = value.pairs.filter(({ key }) => key !== 'module');
    return { key: module, value: { ...value, pairs } };
  }
  const [, module, rest = ''] = /^\s*(\S+)\s*([\s\S]*)$/.exec(keptText(value) ?? '') ?? [];
  if (module === undefined || module.includes('{{')) {
    throw new Unconvertible('action: which step it is must be known beforehand');
  }
  return { key: module, value: keptPair('', rest === '' ? null : rest).value };
}

function stepPairs(
  task: KeptMap,
  { glob }: TaskSurroundings,
  remarks: Remarks,
): readonly KeptPair[] {
  const modules = task.pairs.filter(
    ({ key }) => taskKeyword(key) === undefined && !key.startsWith('with_'),
  );
  const [module, second] = modules;
  if (module === undefined) throw new Unconvertible('this task names no module');
  if (second !== undefined) {
    throw new Unconvertible(`${module.key} and ${second.key}: a task has one step`);
  }
  const has = (name: string): boolean => task.pairs.some(({ key }) => key === name);
  const step = convertStep(module.key, module.value, keptAt(task, 'args'), {
    isToldChange: has('changed_when'),
    isRead: isFalse(keptAt(task, 'changed_when')) && isFalse(keptAt(task, 'check_mode')),
    remarks,
  });
  if (keptText(keptAt(task, 'delegate_to'))?.includes('{{ item') === true) {
    remarks.say('delegate_to: where a task is done is known beforehand: no item of a loop');
  }
  const isRead = step.isRead;
  const pairs = task.pairs.flatMap((pair): readonly KeptPair[] => {
    if (pair === module) {
      return [{ ...pair, key: step.name, value: step.params }, ...step.keywords];
    }
    if (isRead && (pair.key === 'changed_when' || pair.key === 'check_mode')) return [];
    return pair.key.startsWith('with_')
      ? [convertLoop(pair, glob, remarks)]
      : keywordPairs(pair, remarks);
  });
  return tidied(pairs, remarks);
}

function isFalse(node: KeptNode | undefined): boolean {
  return node?.kind === 'scalar' && /^(?:no|false|off)$/i.test(String(node.value));
}

/** A keyword of a task, a block or an import. */
export function keywordPairs(pair: KeptPair, remarks: Remarks): readonly KeptPair[] {
  const entry = taskKeyword(pair.key);
  return entry === undefined ? [pair] : convertKeyword(pair, entry, remarks);
}

/** Keywords that say nothing without each other. */
function tidied(pairs: readonly KeptPair[], remarks: Remarks): readonly KeptPair[] {
  const has = (name: string): boolean => pairs.some(({ key }) => key === name);
  const drops = (names: readonly string[]): readonly KeptPair[] =>
    pairs.filter(({ key }) => !names.includes(key));
  if (has('loop_control') && !has('loop')) return drops(['loop_control']);
  if (has('until') || !(has('retries') || has('delay'))) return pairs;
  if (has('retries')) remarks.say('retries needs until: say what is waited for');
  return drops(['retries', 'delay']);
}

function metaPairs(task: KeptMap, remarks: Remarks): readonly KeptPair[] {
  const word = keptText(keptAt(task, 'meta')) ?? '';
  if (word !== 'flush_handlers' && word !== 'noop') {
    const needless = ['reset_connection', 'clear_facts', 'refresh_inventory'].includes(word);
    throw new Unconvertible(
      needless
        ? `meta: ${word}: nothing of the kind is kept, so it can go`
        : `meta: ${word}: put the tasks behind it into a block with a "when"`,
    );
  }
  return task.pairs.filter(({ key }) => {
    const isTaken = key === 'meta' || key === 'name';
    if (!isTaken) remarks.say(`meta takes no ${key}`);
    return isTaken;
  });
}

/** A file or a role; variables among the parameters of old `include` go into `vars`. */
function importPairs(task: KeptMap, only: KeptPair, remarks: Remarks): readonly KeptPair[] {
  return task.pairs.flatMap((pair): readonly KeptPair[] => {
    if (pair.key === 'args') return [];
    if (pair !== only) return keywordPairs(pair, remarks);
    if (pair.value.kind === 'map') return [importOf(pair)];
    const line = keptText(pair.value) ?? '';
    if (pair.key.endsWith('_role')) {
      return [importOf({ ...pair, value: argumentsOf(pair.value, undefined) })];
    }
    const [file = '', ...more] = line.split(/\s+(?=\w+=)/);
    const vars = more.map((word) => {
      const [, name = '', value = ''] = /^(\w+)=([\s\S]*)$/.exec(word) ?? [];
      return keptPair(name, value);
    });
    const bare = file.replace(/^file=/, '');
    return [
      { ...pair, value: keptPair('', bare).value },
      ...(vars.length === 0 ? [] : [keptPair('vars', keptMap(vars))]),
    ];
  });
}

/** `apply` is what the keywords beside the import say. */
function importOf(pair: KeptPair): KeptPair {
  const node = pair.value;
  if (node.kind !== 'map') return pair;
  if (node.pairs.some(({ key }) => key === 'apply')) {
    throw new Unconvertible('apply: write its keywords beside the import');
  }
  const [from] = node.pairs.filter(({ key }) => key.endsWith('_from'));
  if (from !== undefined) {
    const file = keptText(from.value) ?? '';
    throw new Unconvertible(
      `${from.key}: a role is done as a whole: import_tasks: roles/.../tasks/${file}`,
    );
  }
  const quiet = ['public', 'allow_duplicates', 'rolespec_validate'];
  const pairs = node.pairs.filter(({ key }) => !quiet.includes(key));
  return { ...pair, value: { ...node, pairs } };
}
