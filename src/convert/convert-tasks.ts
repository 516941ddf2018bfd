import {
  type KeptList,
  type KeptMap,
  type KeptNode,
  type KeptPair,
  keptAt,
  keptList,
  keptMap,
  keptPair,
  remarked,
} from '../source/kept-yaml.ts';
import { writeKeptYaml } from '../source/write-kept-yaml.ts';
import { convertTask, keywordPairs, type TaskSurroundings } from './convert-task.ts';
import { taskKeyword } from './keywords.ts';
import { Remarks, todo, Unconvertible } from './talk.ts';

export type ListOf = 'tasks' | 'handlers';

const parts = ['block', 'rescue', 'always'];

/** A list of tasks; those that cannot be said become comments that hold them, at their place. */
export function convertTasks(node: KeptNode, kind: ListOf, around: TaskSurroundings): KeptNode {
  if (node.kind !== 'list') return node;
  const items = node.items.map((item): Converted => convertItem(item, kind, around));
  return withComments(node, items);
}

/** An item of a list: what stands for it, or the comment that does. */
export type Converted = { readonly node: KeptNode } | { readonly lines: readonly string[] };

function convertItem(item: KeptNode, kind: ListOf, around: TaskSurroundings): Converted {
  if (item.kind !== 'map') return { lines: commentFor(item, 'this is no task') };
  try {
    const isBlock = item.pairs.some(({ key }) => key === 'block');
    return { node: isBlock ? convertBlock(item, kind, around) : convertTask(item, around) };
  } catch (error) {
    if (!(error instanceof Unconvertible)) throw error;
    return refused(item, error.message, kind);
  }
}

/** A task that cannot be said. A handler stays, as others name it: it fails when it is notified. */
export function refused(item: KeptNode, why: string, kind: ListOf): Converted {
  const lines = commentFor(item, why);
  const name = keptAt(item, 'name');
  if (kind === 'tasks' || item.kind !== 'map' || name === undefined) return { lines };
  const kept = item.pairs.filter(({ key }) => key === 'name' || key === 'listen');
  const fail = keptPair('fail', keptMap([keptPair('msg', `${todo} ${why}`)]));
  return { node: remarked(keptMap([...kept, fail]), lines) };
}

/** Why, and the text as it was. */
function commentFor(item: KeptNode, why: string): readonly string[] {
  const { before, ...rest } = item;
  const bare: KeptNode = { ...rest, before: [], isApart: false };
  const text = writeKeptYaml({ head: [], root: keptList([bare]), foot: [] });
  return [...before, `${todo} ${why}`, ...text.trimEnd().split('\n')];
}

function convertBlock(block: KeptMap, kind: ListOf, around: TaskSurroundings): KeptMap {
  const remarks = new Remarks();
  const pairs = block.pairs.flatMap((pair): readonly KeptPair[] => {
    if (parts.includes(pair.key)) {
      return [{ ...pair, value: convertTasks(pair.value, kind, around) }];
    }
    if (taskKeyword(pair.key) === undefined) {
      throw new Unconvertible(`a block takes no ${pair.key}`);
    }
    return keywordPairs(pair, remarks);
  });
  return remarked({ ...block, pairs }, remarks.lines);
}

/** The list with its comments: those that stand for an item go above the next, or to the end. */
export function withComments(list: KeptList, converted: readonly Converted[]): KeptList {
  const items: KeptNode[] = [];
  let waiting: readonly string[] = [];
  for (const one of converted) {
    if ('lines' in one) waiting = waiting.length === 0 ? one.lines : [...waiting, '', ...one.lines];
    else {
      const { node } = one;
      const between = waiting.length === 0 ? [] : [...waiting, ''];
      items.push({ ...node, before: [...between, ...node.before] });
      waiting = [];
    }
  }
  if (items.length > 0 || waiting.length === 0) {
    return { ...list, items, behind: [...waiting, ...list.behind] };
  }
  const nothing = keptMap([keptPair('meta', 'noop')]);
  return { ...list, isFlow: false, items: [{ ...nothing, before: waiting }] };
}
