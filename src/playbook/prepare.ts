import type { Query } from '../host/query.ts';
import { HostState } from '../host/state.ts';
import type { Data } from '../source/data.ts';
import { orEmptyMap, toData } from '../source/source-node.ts';
import { diagnosticAt } from '../source/source-text.ts';
import { validate } from '../source/validate.ts';
import type { BoundStep, Target } from '../steps/step.ts';
import { nameOfItem, scopeOfItem } from './items.ts';
import { asked, type Judgement, judge, type Outcome, skippedJudgement, wordsOf } from './judge.ts';
import type { Keywords, Loop } from './keywords.ts';
import type { Knowledge } from './knowledge.ts';
import { judgeParts, type Part, refusedPart, together } from './loop-parts.ts';
import type { Task } from './model.ts';
import { renderNode } from './render-node.ts';
import type { Found, Scope, Waits } from './scope.ts';
import { scopeOf } from './scope-of.ts';
import { surroundingsOf } from './surroundings-of.ts';
import { renderFiles } from './template-files.ts';

/** A task on one host, as far as what is known goes. */
export type Prepared =
  | Ready
  /** It is not to be done: why. */
  | { readonly type: 'skipped'; readonly why: string; readonly judgement: Judgement }
  /** `queries`: what it asks once it is done, if it is. Absent: that is not known yet. */
  | (Waits & { readonly queries?: readonly Query[] })
  | { readonly type: 'wrong'; readonly message: string };

/** It can be planned. */
export interface Ready {
  readonly type: 'ready';
  readonly bound: BoundStep;
  readonly scope: Scope;
  /** How it ended, by what became of each part of its plan. */
  readonly judge: (outcomes: readonly Outcome[], isLast?: boolean) => Judgement;
  /** How it ended when it cannot be done. */
  readonly fail: (message: string) => Judgement;
}

type PreparedTask = Pick<Task, 'step' | 'params'> & { readonly keywords: Keywords };

/** Whether a task comes to the same whatever was told before it. */
export function isConstant(keywords: Keywords): boolean {
  const { written, when, loop, environment, becomeUser, changedWhen, failedWhen, until } = keywords;
  return (
    [written, loop, environment, becomeUser, changedWhen, failedWhen, until].every(
      (one) => one === null,
    ) && when.length === 0
  );
}

/** What a task comes to on a host by what is known. */
export function prepareTask(
  task: PreparedTask,
  target: Target,
  subject: Target,
  known: Knowledge,
): Prepared {
  const scope = scopeOf(task.keywords, subject, known);
  const { loop } = task.keywords;
  if (loop === null) return prepareOne(task, target, scope);
  const { begun } = known;
  return prepareLoop(task, loop, target, scope, begun?.loop === loop ? begun.items : noItems);
}

const noItems: ReadonlyMap<number, Judgement> = new Map();

function prepareOne(task: PreparedTask, target: Target, scope: Scope): Prepared {
  const { keywords, step } = task;
  const { host } = target;
  if (!step.on.includes(host.kind)) {
    const message = `${step.name} is for ${step.on.join(' and ')} hosts; ${host.name} is a ${host.kind}`;
    return { type: 'wrong', message };
  }
  const when = asked(keywords.when, scope) ?? yes;
  if (when.type === 'waits') return { ...when, ...askedAhead(task, target, scope) };
  if (when.type !== 'value') return untellable(when);
  if (!when.value) return skipped('its condition is false');
  const params = paramsOf(task, scope);
  if (params.type !== 'value') return untellable(params);
  const around = surroundingsOf(keywords, scope);
  if (around.type !== 'value') return untellable(around);
  return {
    type: 'ready',
    bound: step.bind(target, params.value, around.value),
    scope,
    judge: ([outcome], isLast) => judge(keywords, outcome ?? nothingDone, scope, isLast),
    fail: (message) => judge(keywords, { ...nothingDone, failure: message }, scope),
  };
}

/** What costs next to nothing to look at, and does nothing, is asked before it is known whether it is needed. */
const cheap: readonly Query['kind'][] = [
  'file',
  'entry',
  'directory',
  'aliases',
  'parameter',
  'tool',
];

function askedAhead(
  task: PreparedTask,
  target: Target,
  scope: Scope,
): { readonly queries?: readonly Query[] } {
  const params = paramsOf(task, scope);
  const around = surroundingsOf(task.keywords, scope);
  if (params.type !== 'value' || around.type !== 'value') return {};
  const { queries } = task.step.bind(target, params.value, around.value);
  return queries.every(({ kind }) => cheap.includes(kind)) ? { queries } : {};
}

/**
 * Its items one after the other, each planned in the world that those before it leave.
 *
 * @param done items that are not to be done again, and how they ended
 */
function prepareLoop(
  task: PreparedTask,
  loop: Loop,
  target: Target,
  scope: Scope,
  done: ReadonlyMap<number, Judgement>,
): Prepared {
  const items = itemsOf(loop, scope);
  if (items.type !== 'value') return untellable(items);
  const parts: Part[] = [];
  let around = scope;
  for (const [index, item] of items.value.entries()) {
    const own = scopeOfItem(loop, around, items.value, index);
    const name = nameOfItem(loop, own, item);
    const before = done.get(index);
    if (before !== undefined) {
      const prepared = { type: 'done', judgement: before } as const;
      parts.push({ name, item, variable: loop.variable, prepared });
      continue;
    }
    const prepared = prepareOne(task, target, own);
    if (prepared.type === 'waits') return prepared;
    if (prepared.type === 'wrong') {
      return { type: 'wrong', message: `${name}: ${prepared.message}` };
    }
    parts.push({ name, item, variable: loop.variable, prepared });
    around = scopeAfter(around, prepared);
  }
  if (parts.every(({ prepared }) => prepared.type === 'skipped')) {
    return skipped(parts.length === 0 ? 'nothing to loop over' : 'its condition is false');
  }
  return {
    type: 'ready',
    bound: together(parts),
    scope,
    judge: (outcomes, isLast) => judgeParts(parts, outcomes, task.keywords, isLast),
    fail: (message) =>
      refusedPart(parts, message, task.keywords) ??
      judge(task.keywords, { ...nothingDone, failure: message }, scope),
  };
}

/** Items see what those before them set, where that takes no look at the host. */
function scopeAfter(scope: Scope, prepared: Prepared): Scope {
  if (prepared.type !== 'ready' || prepared.bound.queries.length > 0) return scope;
  const plan = prepared.bound.plan(nothingSeen);
  if ('refusal' in plan || plan.sets === undefined) return scope;
  const sets = new Map(Object.entries(plan.sets));
  return scope.with({ names: () => sets.keys(), get: (name) => sets.get(name) });
}

const nothingSeen = new HostState(new Map());

function itemsOf({ items }: Loop, scope: Scope): Found<readonly Data[]> {
  const found = renderNode(items, scope);
  if (found.type !== 'value') return found;
  const { value: node } = found;
  if (node.kind === 'list') return { type: 'value', value: node.items.map(toData) };
  const hint = 'dict2items makes a list of a map';
  const wrong = diagnosticAt(node.place, 'a loop goes over a list', hint);
  return { type: 'wrong', diagnostics: [wrong] };
}

/** Its parameters, with what their templates come to on this host. */
function paramsOf({ step, params, keywords }: PreparedTask, scope: Scope): Found<unknown> {
  if (keywords.written === null) return { type: 'value', value: params };
  const { node, key, lookUp, expressions } = keywords.written;
  const rendered = renderNode(node, scope, expressions);
  if (rendered.type !== 'value') return rendered;
  const read = validate(step.params, orEmptyMap(rendered.value), key);
  const wrong = read.ok ? lookUp(read.value, rendered.value) : read.diagnostics;
  if (!read.ok || wrong.length > 0) return { type: 'wrong', diagnostics: wrong };
  const files = renderFiles(read.value, scope);
  return files.type === 'value' ? { type: 'value', value: read.value } : files;
}

const yes: Found<boolean> = { type: 'value', value: true };
const nothingDone: Outcome = { isChanged: false, failure: null, data: {} };

/** Nothing is to be done: why. */
export function skipped(why: string): Extract<Prepared, { readonly type: 'skipped' }> {
  return { type: 'skipped', why, judgement: skippedJudgement() };
}

function untellable(found: Exclude<Found<unknown>, { readonly type: 'value' }>): Prepared {
  return found.type === 'waits' ? found : { type: 'wrong', message: wordsOf(found.diagnostics) };
}
