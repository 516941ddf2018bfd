import * as v from 'valibot';
import { variableName } from '../inventory/name-rules.ts';
import { checked } from '../source/complaint.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import type { Result } from '../source/result.ts';
import { type MapNode, nodeAt, placeOf } from '../source/source-node.ts';
import { diagnosticAt, type Place } from '../source/source-text.ts';
import { validate } from '../source/validate.ts';
import type { Template } from '../template/template.ts';
import { readConditions } from './conditions.ts';
import {
  type Inherited,
  inheritedEntries,
  inheritFrom,
  type Notified,
  namesAt,
} from './inherited.ts';
import type { Keywords, Loop } from './keywords.ts';
import { magicNames } from './scope-of.ts';
import { templateAt } from './written-templates.ts';

const variable = v.pipe(
  v.string(),
  checked(variableName),
  v.check((name) => !magicNames.includes(name), 'this name has a meaning of its own'),
);
const names = v.union([v.string(), v.array(v.string())]);
const seconds = v.pipe(v.number(), v.minValue(0), v.maxValue(86_400));

const loopControl = v.strictObject({
  label: v.optional(v.union([v.string(), v.number()])),
  loop_var: v.optional(variable, 'item'),
  index_var: v.optional(variable),
  pause: v.optional(
    v.pipe(
      v.number(),
      v.check((length) => length === 0, 'all items are done in one program, without a pause'),
    ),
  ),
  extended: v.optional(v.boolean()),
});

/** Entries of the schema of a task, but for its step. */
export const taskEntries = {
  name: v.optional(v.pipe(v.string(), v.nonEmpty('a task name is not empty'))),
  loop: v.optional(v.unknown()),
  loop_control: v.optional(loopControl),
  register: v.optional(variable),
  notify: v.optional(names),
  changed_when: v.optional(v.unknown()),
  failed_when: v.optional(v.unknown()),
  until: v.optional(v.unknown()),
  retries: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10_000))),
  delay: v.optional(seconds),
  listen: v.optional(names),
  ...inheritedEntries,
} as const;

const taskSchema = v.object(taskEntries);

/** Keywords of a task; the one other key is its step. */
export const taskKeywords: readonly string[] = Object.keys(taskEntries);

/** Names that no step has: keywords, and what else may stand in a list of tasks. */
export const notSteps: readonly string[] = [
  ...taskKeywords,
  ...['block', 'rescue', 'always', 'meta', 'import_tasks', 'include_tasks', 'import_role'],
  ...['include_role', 'action', 'local_action', 'args', 'with_items'],
];

/** What a task says besides its step. */
export interface ReadKeywords {
  readonly name: string | null;
  readonly network: boolean;
  readonly hasNoWindow: boolean;
  readonly notifies: readonly Notified[];
  readonly listens: readonly string[];
  /** Without its step and parameters, its handlers and its blocks. */
  readonly keywords: Omit<Keywords, 'called' | 'written' | 'notify' | 'handler' | 'within'>;
}

/** Reads the keywords of a task, with what it inherits. */
export function readKeywords(node: MapNode, outer: Inherited): Result<ReadKeywords> {
  const fields = validate(taskSchema, node);
  if (!fields.ok) return fields;
  const { value } = fields;
  const inherited = inheritFrom(outer, value, node);
  const loop = readLoop(node, value.loop_control);
  const changedWhen = readConditions(nodeAt(node, ['changed_when']));
  const failedWhen = readConditions(nodeAt(node, ['failed_when']));
  const until = readConditions(nodeAt(node, ['until']));
  const wrong: readonly Diagnostic[] = [
    ...[inherited, loop, changedWhen, failedWhen, until].flatMap((one) =>
      one.ok ? [] : one.diagnostics,
    ),
    ...useless(node),
  ];
  const areRight =
    inherited.ok && loop.ok && changedWhen.ok && failedWhen.ok && until.ok && wrong.length === 0;
  if (!areRight) return { ok: false, diagnostics: wrong };
  const { network, notifies, ...rest } = inherited.value;
  const has = (keyword: string): boolean => node.entries.has(keyword);
  return {
    ok: true,
    value: {
      name: value.name ?? null,
      network: network === true,
      hasNoWindow: network === false,
      notifies: has('notify') ? namesAt(node, 'notify') : notifies,
      listens: namesAt(node, 'listen').map(({ name }) => name),
      keywords: {
        ...rest,
        title: readTitle(nodeAt(node, ['name'])),
        loop: loop.value,
        register: value.register ?? null,
        changedWhen: has('changed_when') ? changedWhen.value : null,
        failedWhen: has('failed_when') ? failedWhen.value : null,
        until: has('until')
          ? {
              conditions: until.value,
              retries: value.retries ?? 3,
              delaySeconds: value.delay ?? 5,
            }
          : null,
      },
    },
  };
}

const loopSchema = v.object({ loop_control: v.optional(loopControl) });

/** The loop of what is no task; null: it has none. */
export function readLoopOf(node: MapNode): Result<Loop | null> {
  const fields = validate(loopSchema, node);
  return fields.ok ? readLoop(node, fields.value.loop_control) : fields;
}

function readLoop(
  node: MapNode,
  control: v.InferOutput<typeof loopControl> | undefined,
): Result<Loop | null> {
  const items = nodeAt(node, ['loop']);
  if (items === undefined) return { ok: true, value: null };
  if (items.kind !== 'list' && !(items.kind === 'scalar' && typeof items.value === 'string')) {
    const hint = 'write a list, or a template that comes to one';
    return wrongAt(items.place, 'a loop goes over a list', hint);
  }
  if (items.kind === 'scalar' && templateAt(items) === null) {
    const hint = `write "{{ ${String(items.value)} }}" for the variable of that name`;
    return wrongAt(items.place, 'a loop goes over a list', hint);
  }
  const label = readLabel(nodeAt(node, ['loop_control', 'label']));
  if (!label.ok) return label;
  return {
    ok: true,
    value: {
      items,
      label: label.value,
      variable: control?.loop_var ?? 'item',
      indexVariable: control?.index_var ?? null,
    },
  };
}

/** What is no template is a name all the same. */
function readTitle(node: ReturnType<typeof nodeAt>): Template | null {
  const read = node?.kind === 'scalar' ? templateAt(node) : null;
  return read?.ok === true ? read.value : null;
}

function readLabel(node: ReturnType<typeof nodeAt>): Result<Template | null> {
  if (node?.kind !== 'scalar') return { ok: true, value: null };
  return templateAt(node) ?? { ok: true, value: null };
}

/** Keywords that do nothing without another one. */
function useless(node: MapNode): readonly Diagnostic[] {
  const needs = { loop_control: 'loop', retries: 'until', delay: 'until' };
  return Object.entries(needs).flatMap(([keyword, needed]) => {
    if (!node.entries.has(keyword) || node.entries.has(needed)) return [];
    const place = placeOf(node, [keyword], 'key');
    return [diagnosticAt(place, `${keyword} does nothing without ${needed}`)];
  });
}

function wrongAt(
  place: Place,
  message: string,
  hint: string | null = null,
): Extract<Result<never>, { readonly ok: false }> {
  return { ok: false, diagnostics: [diagnosticAt(place, message, hint)] };
}
