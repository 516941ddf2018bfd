import { Findings } from '../inventory/findings.ts';
import { readVars } from '../inventory/vars.ts';
import type { Result } from '../source/result.ts';
import { type MapNode, nodeAt, type ScalarNode, toData } from '../source/source-node.ts';
import { diagnosticAt } from '../source/source-text.ts';
import { placeAmong } from './items.ts';
import type { Variables } from './keywords.ts';
import { readLoopOf } from './read-keywords.ts';
import type { Surroundings } from './read-task.ts';
import { Scope } from './scope.ts';
import { templateAt } from './written-templates.ts';

/** Something that is included, once for each item of its loop. */
export interface Inclusion {
  /** Without its loop. */
  readonly node: MapNode;
  readonly around: Surroundings;
}

/**
 * Lays out the loop of an inclusion (`include_tasks`, `include_role`): which tasks there are is known before
 * the run, so its items are written out. What they come to may depend on the host.
 */
export function inclusionsOf(node: MapNode, around: Surroundings): Result<readonly Inclusion[]> {
  const read = readLoopOf(node);
  if (!read.ok) return read;
  const loop = read.value;
  if (loop === null) return { ok: true, value: [{ node, around }] };
  const { items, variable, indexVariable } = loop;
  if (items.kind !== 'list') {
    const message = 'which tasks there are is known beforehand, so the items are written out here';
    const hint = 'write the list, or loop over its tasks in the file';
    return { ok: false, diagnostics: [diagnosticAt(items.place, message, hint)] };
  }
  const entries = [...node.entries].filter(([key]) => key !== 'loop' && key !== 'loop_control');
  const bare: MapNode = { ...node, entries: new Map(entries) };
  const all = items.items.map(toData);
  const laidOut = items.items.map((item, index): Inclusion => {
    const one = new Map([[variable, { key: item.place, value: item }]]);
    const own = readVars({ kind: 'map', entries: one, place: item.place }, new Findings());
    const vars: Variables = {
      ...own,
      ansible_loop: placeAmong(all, index),
      ...(indexVariable === null ? {} : { [indexVariable]: index }),
    };
    const { inherited } = around;
    const within = { ...inherited, vars: [...inherited.vars, vars] };
    return { node: bare, around: { ...around, inherited: within } };
  });
  return { ok: true, value: laidOut };
}

/** The name of a file that is included: its templates take what is known before the run. */
export function includedFile(
  node: ScalarNode,
  { inherited }: Pick<Surroundings, 'inherited'>,
  own: MapNode,
): Result<string> {
  const template = templateAt(node);
  if (template === null) return { ok: true, value: String(node.value) };
  if (!template.ok) return template;
  const last = inherited.vars.at(-1);
  const isOfLoop = last !== undefined && Object.hasOwn(last, 'ansible_loop');
  const isHidden = nodeAt(own, ['vars']) !== undefined;
  const levels = [inherited.extraVars, ...(isOfLoop && !isHidden ? [last] : [])].map((vars) => ({
    names: () => Object.keys(vars),
    get: (name: string) => (Object.hasOwn(vars, name) ? vars[name] : undefined),
  }));
  const found = new Scope(levels).render(template.value);
  if (found.type === 'value') return { ok: true, value: String(found.value) };
  const message = 'which tasks there are is known beforehand';
  const hint = 'import each file with a "when" of its own; items of a "loop" and -e are known, too';
  return { ok: false, diagnostics: [diagnosticAt(node.place, message, hint)] };
}
