import {
  type KeptList,
  type KeptMap,
  type KeptNode,
  type KeptPair,
  remarked,
} from '../source/kept-yaml.ts';
import type { SourceNode } from '../source/source-node.ts';
import { writeKeptYaml } from '../source/write-kept-yaml.ts';
import { type ListOf, refused, withComments } from './convert-tasks.ts';
import { todo } from './talk.ts';

/** A way into a document: keys and places. */
export type Path = readonly (string | number)[];

/** Something that cannot be loaded: where, and why. */
export interface Misfit {
  readonly path: Path;
  readonly why: string;
}

/** The way to the innermost node or key at an offset of the text. */
export function pathAt(node: SourceNode, offset: number): Path {
  if (node.kind === 'list') {
    const index = node.items.findLastIndex(({ place }) => place.start <= offset);
    const item = node.items[index];
    return item === undefined ? [] : [index, ...pathAt(item, offset)];
  }
  if (node.kind !== 'map') return [];
  const found = [...node.entries].findLast(([, { key }]) => key.start <= offset);
  if (found === undefined) return [];
  const [key, { key: keyPlace, value }] = found;
  return offset <= keyPlace.end ? [key] : [key, ...pathAt(value, offset)];
}

const lists: ReadonlyMap<string | number, ListOf> = new Map([
  ...['tasks', 'pre_tasks', 'post_tasks', 'block', 'rescue', 'always', 'roles'].map(
    (key) => [key, 'tasks'] as const,
  ),
  ['handlers', 'handlers'] as const,
]);

/**
 * The part of a document that a misfit makes a comment of: the innermost task, role or play's keyword
 * around it.
 */
export function partAround(path: Path, kind: 'playbook' | 'tasks' | 'handlers' | 'vars'): Path {
  const ends = path.flatMap((step, index) => {
    const isItem = typeof step === 'number' && (index === 0 || lists.has(path[index - 1] ?? ''));
    return isItem && !(kind === 'playbook' && index === 0) ? [index + 1] : [];
  });
  const end = ends.at(-1);
  if (end !== undefined) return path.slice(0, end);
  if (kind === 'vars') return path.slice(0, 1);
  const isInside = path[1] === 'vars' && path.length > 2;
  return path.slice(0, isInside ? 3 : Math.min(path.length, 2));
}

/** A document without these parts: each is a comment at its place that says why. */
export function leaveOut(root: KeptNode, misfits: readonly Misfit[], kind: ListOf): KeptNode {
  const whole = misfits.filter(({ path }) => path.length === 1);
  const inner = misfits.filter(({ path }) => path.length > 1);
  const below = (step: string | number): readonly Misfit[] =>
    inner
      .filter(({ path }) => path[0] === step)
      .map(({ path, why }) => ({ path: path.slice(1), why }));
  const wrong = (step: string | number): string | null => {
    const reasons = whole.filter(({ path }) => path[0] === step).map(({ why }) => why);
    return reasons.length === 0 ? null : [...new Set(reasons)].join('; ');
  };
  if (root.kind === 'list') return fromList(root, kind, wrong, below);
  return root.kind === 'map' ? fromMap(root, kind, wrong, below) : root;
}

type WhyOf = (step: string | number) => string | null;
type Below = (step: string | number) => readonly Misfit[];

function fromList(root: KeptList, kind: ListOf, wrong: WhyOf, below: Below): KeptList {
  const items = root.items.map((item, index) => {
    const why = wrong(index);
    if (why !== null) return refused(item, why, kind);
    const inner = below(index);
    return { node: inner.length === 0 ? item : leaveOut(item, inner, kind) };
  });
  const isRoles = root.items.every((item) => item.kind === 'scalar');
  const left = withComments(root, items);
  const [only] = left.items;
  const isNothing = isRoles && left.items.length === 1 && only?.kind === 'map';
  return isNothing ? { ...left, items: [], isFlow: true, before: only.before } : left;
}

function fromMap(root: KeptMap, kind: ListOf, wrong: WhyOf, below: Below): KeptMap {
  let waiting: readonly string[] = [];
  const pairs: KeptPair[] = [];
  for (const pair of root.pairs) {
    const why = wrong(pair.key);
    if (why === null) {
      const inner = below(pair.key);
      const value =
        inner.length === 0 ? pair.value : leaveOut(pair.value, inner, lists.get(pair.key) ?? kind);
      pairs.push({ ...pair, value, before: [...waiting, ...pair.before] });
      waiting = [];
    } else waiting = [...waiting, ...pairComment(pair, why)];
  }
  return remarked({ ...root, pairs, behind: [...waiting, ...root.behind] }, []);
}

function pairComment(pair: KeptPair, why: string): readonly string[] {
  const { before, ...rest } = pair;
  const bare = { ...rest, before: [], isApart: false };
  const root: KeptMap = { ...emptyMap, pairs: [bare] };
  const text = writeKeptYaml({ head: [], root, foot: [] });
  return [...before, `${todo} ${why}`, ...text.trimEnd().split('\n')];
}

const emptyMap: KeptMap = {
  ...{ kind: 'map', pairs: [], isFlow: false, before: [], behind: [], isApart: false },
};
