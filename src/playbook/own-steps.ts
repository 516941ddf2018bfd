import { readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import * as v from 'valibot';
import type { Diagnostic } from '../source/diagnostic.ts';
import { distrustOfDirectory } from '../source/distrust.ts';
import { quoted } from '../source/quoted.ts';
import type { Result } from '../source/result.ts';
import { diagnosticAt, type Place, placeName, type SourceText } from '../source/source-text.ts';
import { guardedDefinition } from '../steps/guarded.ts';
import type { defineStep, Step } from '../steps/step.ts';
import { type StepKit, stepKit } from '../steps/step-kit.ts';
import type { PlaybookFiles } from './playbook-files.ts';
import { notSteps } from './read-keywords.ts';
import type { StepBook } from './step-book.ts';
import { codeEndings, StepModules } from './step-modules.ts';

const read = new WeakMap<PlaybookFiles, Map<string, Result<readonly OwnStep[]>>>();

/** A step that a user wrote. */
interface OwnStep {
  readonly step: Step;
  /** Where it says its name. */
  readonly place: Place;
}

/**
 * The steps of a book with those that a user wrote beside a playbook or in a role: each file of the
 * directory `steps` there exports one. Says what is wrong with any of them.
 */
export function withOwnSteps(
  book: StepBook,
  beside: string,
  files: PlaybookFiles,
): Result<StepBook> {
  const directory = join(beside, 'steps');
  const own = ownSteps(directory, files);
  if (!own.ok) return own;
  const steps = new Map(book);
  const diagnostics: Diagnostic[] = [];
  for (const { step, place } of own.value) {
    const other = steps.get(step.name);
    if (other === undefined) steps.set(step.name, { step, place });
    else if (other.step !== step) diagnostics.push(clash(step.name, place, other.place));
  }
  return diagnostics.length > 0 ? { ok: false, diagnostics } : { ok: true, value: steps };
}

function clash(name: string, place: Place, other: Place | null): Diagnostic {
  const whose = other === null ? "a step of xpush's own" : `a step in ${placeName(other)}, too`;
  return diagnosticAt(place, `${quoted(name)} is ${whose}`, 'give it another name');
}

function ownSteps(directory: string, files: PlaybookFiles): Result<readonly OwnStep[]> {
  const ofFiles = read.get(files) ?? new Map<string, Result<readonly OwnStep[]>>();
  read.set(files, ofFiles);
  const result = ofFiles.get(directory) ?? readOwnSteps(directory, files);
  ofFiles.set(directory, result);
  return result;
}

function readOwnSteps(directory: string, files: PlaybookFiles): Result<readonly OwnStep[]> {
  const names = stepFilesIn(directory);
  if (names.length === 0) return { ok: true, value: [] };
  const distrust = distrustOfDirectory(directory);
  if (distrust !== null) {
    const message = `${directory} is not read: ${distrust.message}`;
    return {
      ok: false,
      diagnostics: [{ position: null, message, hint: distrust.hint, excerpt: null }],
    };
  }
  const modules = new StepModules(files);
  const read = names.map((name) => readOwnStep(join(directory, name), modules));
  const diagnostics = read.flatMap((one) => (one.ok ? [] : one.diagnostics));
  return diagnostics.length > 0
    ? { ok: false, diagnostics }
    : { ok: true, value: read.flatMap((one) => (one.ok ? [one.value] : [])) };
}

function stepFilesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .filter((name) => codeEndings.some((ending) => ending === extname(name)))
      .filter((name) => !/^\.|\.(?:d|test)\.\w+$/.test(name))
      .toSorted();
  } catch {
    return []; // there is none
  }
}

function readOwnStep(file: string, modules: StepModules): Result<OwnStep> {
  const run = modules.run(file);
  if (!run.ok) return run;
  const { exports, source } = run.value;
  const whole: Place = { source, start: 0, end: 0 };
  const factory: unknown = Reflect.get(exports, 'step');
  if (typeof factory !== 'function') {
    const hint = 'export const step = ({ defineStep }) => defineStep({ ... })';
    return wrong(whole, 'this file exports no function "step"', hint);
  }
  const made = new Set<unknown>();
  const guarded = guardedDefinition((error) => modules.wordsOf(error, source));
  const define: typeof defineStep = (definition) => {
    const [issue] = v.safeParse(definitionSchema, definition).issues ?? [];
    if (issue !== undefined) throw new Error(wordsOf(issue));
    if (definition.leave !== undefined && !v.is(definition.params, {})) {
      throw new Error('leave is for steps that can do without parameters: it is given none');
    }
    const step = guarded(definition);
    made.add(step);
    return step;
  };
  try {
    const make: (kit: StepKit) => unknown = (kit) => factory(kit);
    const step = make(stepKit(define));
    return isStep(step, made)
      ? { ok: true, value: { step, place: placeOfName(step.name, source) } }
      : wrong(whole, '"step" gives nothing that defineStep made');
  } catch (error) {
    return { ok: false, diagnostics: [modules.diagnosticOf(error, source)] };
  }
}

function isStep(value: unknown, made: ReadonlySet<unknown>): value is Step {
  return made.has(value);
}

const aFunction = v.function('is a function');
const definitionSchema = v.object({
  name: v.pipe(
    v.string('is a text'),
    v.regex(/^[a-z][a-z0-9_]{0,63}$/, 'has small letters, digits and _ only'),
    v.check((name) => !notSteps.includes(name), 'is a keyword of tasks: give it another name'),
  ),
  summary: v.pipe(v.string('is a text'), v.nonEmpty('is a sentence')),
  on: v.pipe(
    v.array(v.picklist(['dom0', 'domU', 'host'], 'is "dom0", "domU" or "host"'), 'is a list'),
    v.nonEmpty('names the kinds of host that it is for'),
  ),
  params: v.looseObject(
    { entries: v.record(v.string(), v.looseObject({}), 'is v.strictObject({ ... })') },
    'is v.strictObject({ ... })',
  ),
  shorthand: v.optional(v.string('is the name of a parameter')),
  expressions: v.optional(v.array(v.string(), 'is a list of names of parameters')),
  network: v.optional(v.union([v.boolean(), aFunction], 'is true, false or a function')),
  queries: aFunction,
  plan: aFunction,
  leave: v.optional(aFunction),
});

function wordsOf({ path, message, expected }: v.BaseIssue<unknown>): string {
  const name = path?.map(({ key }) => String(key)).join('.') ?? 'the step';
  return message.startsWith('Invalid key')
    ? `${name} of the step is missing`
    : `${name} ${message || expected}`;
}

/** Where the name is written, as far as can be told. */
function placeOfName(name: string, source: SourceText): Place {
  const found = new RegExp(`(?<=\\bname\\s*[:=]\\s*)(['"\`])${name}\\1`).exec(source.text);
  const start = found?.index ?? 0;
  return { source, start, end: start + (found?.[0].length ?? 0) };
}

function wrong(
  place: Place,
  message: string,
  hint: string | null = null,
): Extract<Result<never>, { readonly ok: false }> {
  return { ok: false, diagnostics: [diagnosticAt(place, message, hint)] };
}
