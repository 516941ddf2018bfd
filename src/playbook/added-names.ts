import { nodeAt, type SourceNode } from '../source/source-node.ts';
import { hasMarks } from '../template/has-marks.ts';
import type { Play, Task } from './model.ts';

/** Parameters of the steps that add to the fleet, whose values name hosts and groups. */
const naming = ['name', 'groups', 'key', 'parents'];

/**
 * Whether plays may come to have hosts or groups of a name, by what the plays before them add to the
 * fleet; a glob or an expression is expected wherever anything is.
 */
export function expectedAfter(plays: readonly Pick<Play, 'tasks'>[]): (name: string) => boolean {
  const adding = plays.flatMap(({ tasks }) => tasks).filter(addsToFleet);
  if (adding.length === 0) return () => false;
  const names = adding.map(namesAdded);
  const isAny = names.some((one) => one === null);
  const all = new Set(names.flatMap((one) => [...(one ?? [])]));
  return (name) => isAny || all.has(name) || /[*?[]|^~/.test(name);
}

/** Whether a task adds hosts or groups to the fleet. */
export function addsToFleet({ step }: Pick<Task, 'step'>): boolean {
  return step.addsToFleet !== null;
}

/** null: that is known only when it is done. */
function namesAdded({ node, step }: Task): ReadonlySet<string> | null {
  const params = node === undefined ? undefined : nodeAt(node, [step.name]);
  if (params === undefined) return null;
  const named = params.kind === 'map' ? naming.map((key) => nodeAt(params, [key])) : [params];
  const texts = named.flatMap((one) => (one === undefined ? [] : textsIn(one)));
  if (texts.some(hasMarks)) return null;
  return new Set(
    texts.flatMap((text) => text.split(',')).map((one) => one.trim().replaceAll(' ', '-')),
  );
}

function textsIn(node: SourceNode): readonly string[] {
  if (node.kind === 'list') return node.items.flatMap(textsIn);
  return node.kind === 'scalar' && node.value !== null ? [String(node.value)] : [];
}
