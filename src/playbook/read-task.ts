import type * as v from 'valibot';
import type { Diagnostic } from '../source/diagnostic.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { quoted } from '../source/quoted.ts';
import type { Result } from '../source/result.ts';
import {
  type MapEntry,
  type MapNode,
  nodeAt,
  orEmptyMap,
  placeOf,
  type SourceNode,
} from '../source/source-node.ts';
import { diagnosticAt, type Place } from '../source/source-text.ts';
import { validate } from '../source/validate.ts';
import { ControllerFiles } from '../steps/controller-files.ts';
import type { Step } from '../steps/step.ts';
import type { Within } from './blocks.ts';
import type { HandlerBook } from './handlers.ts';
import type { Inherited, Notified } from './inherited.ts';
import { type Keywords, noKeywords, type Written } from './keywords.ts';
import type { Task } from './model.ts';
import type { PlaybookFiles } from './playbook-files.ts';
import { readKeywords, taskKeywords } from './read-keywords.ts';
import type { StepBook } from './step-book.ts';
import { isTemplateFile, templateFileOf } from './template-files.ts';
import { expressionAt, templatesIn } from './written-templates.ts';

/** What the tasks of a list have in common. */
export interface Surroundings {
  readonly files: PlaybookFiles;
  /** Of the file that they are written in. */
  readonly directory: string;
  /** Where directories with roles are. */
  readonly roots: readonly string[];
  /** Where the files of the controller are that tasks name, the first that has them. */
  readonly searched: readonly string[];
  readonly inherited: Inherited;
  readonly within: Within;
  /** How many files deep they are. */
  readonly depth: number;
  /** The steps that tasks may name. */
  readonly steps: StepBook;
  /** Handlers of the roles that were met. */
  readonly handlers: HandlerBook;
}

/** A task whose handlers are yet to be found. */
export interface ReadTask {
  readonly task: Task & { readonly keywords: Keywords };
  readonly notifies: readonly Notified[];
  /** Names besides its own that it is notified by. */
  readonly listens: readonly string[];
}

/** Reads one task that is a step. */
export function readTask(node: MapNode, around: Surroundings): Result<ReadTask> {
  const named = [...node.entries].filter(([key]) => !taskKeywords.includes(key));
  const [only] = named;
  if (only === undefined) return wrong(diagnosticAt(node.place, 'this task names no step'));
  if (named.length > 1) return wrong(...tooManyKeys(node, named, around.steps));
  const [stepName, entry] = only;
  const step = around.steps.get(stepName)?.step;
  if (step === undefined) return wrong(unknownStep(stepName, entry.key, around.steps));

  const unsaid = whatIsUnsaid(step, node, entry);
  if (unsaid !== null) return wrong(unsaid);
  const keywords = readKeywords(node, around.inherited);
  const params = readParams(step, longForm(step, entry.value), entry.key, around);
  if (!keywords.ok || !params.ok) {
    return wrong(
      ...(keywords.ok ? [] : keywords.diagnostics),
      ...(params.ok ? [] : params.diagnostics),
    );
  }
  const { name, network, hasNoWindow, notifies, listens, keywords: said } = keywords.value;
  const task = {
    name: name ?? step.name,
    step,
    params: params.value.params,
    network,
    ...(hasNoWindow ? { hasNoWindow } : {}),
    place: entry.key,
    keywords: {
      ...noKeywords,
      ...said,
      called: { name: name ?? step.name, action: step.name },
      written: params.value.written,
      within: around.within,
      isOnce: said.isOnce || step.addsToFleet === 'once',
    },
  };
  return { ok: true, value: { task, notifies, listens } };
}

/** What a command changes, its author knows and nobody else. */
function whatIsUnsaid(
  { name, mustSay }: Step,
  task: MapNode,
  { key, value }: MapEntry,
): Diagnostic | null {
  if (mustSay.length === 0 || task.entries.has('changed_when')) return null;
  const isSaid = value.kind === 'map' && mustSay.some((one) => value.entries.has(one));
  if (isSaid) return null;
  const message = `this ${name} does not say what it changes`;
  const hint =
    'add "creates", "removes", "unless" or "onlyif"; or "changes: always", "changes: never"; or "changed_when"';
  return diagnosticAt(key, message, hint);
}

interface Params {
  readonly params: unknown;
  readonly written: Written | null;
}

/** Parameters: checked now, or, where they hold templates, as far as they can be. */
function readParams(
  step: Step,
  node: SourceNode,
  key: Place,
  { files, searched }: Surroundings,
): Result<Params> {
  const lookUp = (params: unknown, at: SourceNode): readonly Diagnostic[] =>
    Object.entries(params ?? {}).flatMap(([name, value]) =>
      value instanceof ControllerFiles
        ? files.lookUp(value, searched, placeOf(at, [name], 'value'))
        : [],
    );
  const templates = templatesIn(node);
  if (templates.some((one) => !one.ok)) {
    return wrong(...templates.flatMap((one) => (one.ok ? [] : one.diagnostics)));
  }
  const isExpression = step.expressions.some((name) => nodeAt(node, [name]) !== undefined);
  const written = { node, key, lookUp, expressions: step.expressions };
  if (templates.length > 0 || isExpression) {
    const diagnostics = wrongBeforehand(step, node, key, lookUp);
    if (diagnostics.length > 0) return wrong(...diagnostics);
    return { ok: true, value: { params: null, written } };
  }
  const read = validate(step.params, node, key);
  if (!read.ok) return read;
  const missing = lookUp(read.value, node);
  if (missing.length > 0) return wrong(...missing);
  const rendered = Object.values(read.value ?? {})
    .filter(isTemplateFile)
    .map(templateFileOf);
  const wrongFiles = rendered.flatMap((one) => (one.ok ? [] : one.diagnostics));
  if (wrongFiles.length > 0) return wrong(...wrongFiles);
  return { ok: true, value: { params: read.value, written: rendered.length > 0 ? written : null } };
}

/** What is wrong whatever the templates come to: names of parameters, and values without templates. */
function wrongBeforehand(
  step: Step,
  node: SourceNode,
  key: Place,
  lookUp: Written['lookUp'],
): readonly Diagnostic[] {
  if (node.kind !== 'map') return [];
  return [...node.entries].flatMap(([name, { key: place, value }]) => {
    const entry: v.GenericSchema | undefined = step.params.entries[name];
    if (entry === undefined) {
      const only = {
        kind: 'map',
        entries: new Map([[name, { key: place, value }]]),
        place,
      } as const;
      const read = validate(step.params, only, key);
      return read.ok ? [] : read.diagnostics.filter(({ message }) => message.includes(name));
    }
    if (step.expressions.includes(name)) return wrongExpressions(value);
    if (templatesIn(value).length > 0) return [];
    const read = validate(entry, value, place);
    if (!read.ok) return read.diagnostics;
    // what is on the host is not looked for here
    return node.entries.has('remote_src') ? [] : lookUp({ [name]: read.value }, node);
  });
}

function wrongExpressions(node: SourceNode): readonly Diagnostic[] {
  if (node.kind === 'list') return node.items.flatMap(wrongExpressions);
  if (node.kind !== 'scalar') return [diagnosticAt(node.place, 'an expression is a text')];
  const read = expressionAt(node);
  return read.ok ? [] : read.diagnostics;
}

/** `- command: ls` for `- command: { argv: ls }`, where the step has a parameter that stands for all. */
function longForm({ shorthand }: Step, node: SourceNode): SourceNode {
  const isShort = shorthand !== null && node.kind === 'scalar' && node.value !== null;
  if (!isShort) return orEmptyMap(node);
  const entries = new Map([[shorthand, { key: node.place, value: node }]]);
  return { kind: 'map', entries, place: node.place };
}

/** Several keys that are no keywords: unknown ones first; else two steps in one task. */
function tooManyKeys(
  node: MapNode,
  named: readonly (readonly [string, { readonly key: Place }])[],
  steps: StepBook,
): Diagnostic[] {
  const unknown = named.filter(([key]) => !steps.has(key));
  if (unknown.length > 0) {
    return unknown.map(([key, { key: place }]) => unknownStep(key, place, steps));
  }
  const names = named.map(([key]) => quoted(key)).join(' and ');
  return [diagnosticAt(node.place, `a task has one step: ${names} are two`, 'make them two tasks')];
}

function unknownStep(name: string, place: Place, steps: StepBook): Diagnostic {
  const known = [...steps.keys()];
  return diagnosticAt(
    place,
    `unknown step or keyword ${quoted(name)}`,
    didYouMean(name, [...known, ...taskKeywords]) ?? `steps: ${known.join(', ')}`,
  );
}

function wrong(...diagnostics: readonly Diagnostic[]): { ok: false; diagnostics: Diagnostic[] } {
  return { ok: false, diagnostics: [...diagnostics] };
}
