import { performance } from 'node:perf_hooks';
import type { Data } from '../source/data.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import type { Result } from '../source/result.ts';
import { hidden, Secret } from '../source/secret.ts';
import { diagnosticAt, type Place } from '../source/source-text.ts';
import { calculate, longestText } from './arithmetic.ts';
import { runProgram, stop } from './engine.ts';
import { Exchange } from './exchange.ts';
import { contains } from './filters/lists.ts';
import { asList, asText, compare, Given } from './function.ts';
import { library } from './library.ts';
import type { Operation, PathUse, Program } from './program.ts';
import type { Span } from './syntax.ts';
import {
  isEqual,
  LazyMap,
  mapOf,
  opened,
  type Plain,
  revealed,
  type Scope,
  textOf,
  type Value,
  ValueProblem,
} from './value.ts';
import { PathProblem, requiredAt, valueAt } from './walk.ts';

/** A program, and where what it was made of is written. */
export interface Runnable {
  readonly program: Program;
  /** The whole text. */
  readonly place: Place;
  readonly placeOf: (start: number, end: number) => Place;
}

/** Runs a template's program. A text that a secret went into is a secret. */
export function runText(
  runnable: Runnable & { readonly text: string },
  scope: Scope,
): Result<Data> {
  const run = new Run(runnable, scope);
  const outcome = runProgram(runnable.program.source, run.call);
  return run.outcome(outcome, outcome.ok ? endedAs(runnable.text, outcome.text) : '');
}

/** The last line ends as it is written, though a statement there takes the line feed behind it; as in Ansible. */
function endedAs(template: string, made: string): string {
  const [wanted = '', there = ''] = [template, made].map((text) => /\n*$/.exec(text)?.[0] ?? '');
  return made + wanted.slice(there.length);
}

/** Runs an expression's program. Texts in a value that a secret went into are secrets. */
export function runValue(runnable: Runnable, scope: Scope): Result<Data> {
  const run = new Run(runnable, scope);
  return run.outcome(runProgram(runnable.program.source, run.call), null);
}

/** The way to a value of the scope. */
export interface Way {
  readonly path: PathUse;
  /** What the keys come to that are not written, in their order. */
  readonly keys: readonly Program[];
}

/** What a way leads to, as it is: secrets stay what they are. null: a secret is among its keys. */
export function runWay(runnable: Runnable, { path, keys }: Way, scope: Scope): Result<Data> | null {
  const known: Data[] = [];
  for (const program of keys) {
    const key = runValue({ ...runnable, program }, scope);
    if (!key.ok) return key;
    if (key.value instanceof Secret) return null;
    known.push(key.value);
  }
  return new Run(runnable, scope).direct(path, known);
}

/** A rendering that lasts longer has as much time of the processor again: others may have kept it waiting. */
const longestMs = 2_000;

/** One rendering: answers what the engine asks, and keeps what went wrong first. */
class Run {
  readonly #runnable: Runnable;
  readonly #scope: Scope;
  readonly #exchange = new Exchange();
  readonly #secrets = new Set<Secret>();
  #failure: readonly Diagnostic[] | null = null;
  /** What is thrown by others ends the rendering, and the engine must not see it. */
  #thrown: { readonly error: unknown } | null = null;
  readonly #beganMs = performance.now();
  #used: NodeJS.CpuUsage | null = null;
  #result: Plain = null;
  #length = 0;

  constructor(runnable: Runnable, scope: Scope) {
    this.#runnable = runnable;
    this.#scope = scope;
  }

  readonly call = (number: unknown, ...values: readonly unknown[]): unknown => {
    if (this.#failure !== null || this.#thrown !== null) return stop;
    const operation = this.#runnable.program.operations[Number(number)];
    if (operation === undefined) return stop;
    try {
      this.#hurry();
      return this.#exchange.toEngine(this.#answer(operation, values));
    } catch (error) {
      if (error instanceof ValueProblem) this.#fail(spanOf(operation), error);
      else this.#thrown = { error };
      return stop;
    }
  };

  /** The text that the engine made, or the value that it gave (null). */
  outcome(outcome: ReturnType<typeof runProgram>, text: string | null): Result<Data> {
    if (this.#thrown !== null) throw this.#thrown.error;
    if (this.#failure !== null) return { ok: false, diagnostics: this.#failure };
    if (!outcome.ok) {
      const span = this.#runnable.program.lines.get(outcome.line);
      return { ok: false, diagnostics: [diagnosticAt(this.#place(span ?? null), outcome.message)] };
    }
    const made = text ?? this.#result;
    return { ok: true, value: this.#secrets.size === 0 ? made : this.#hidden(made) };
  }

  direct(path: PathUse, keys: readonly Data[]): Result<Data> {
    try {
      const value = requiredAt(path, this.#scope, null, keys);
      return { ok: true, value: dataOf(value) };
    } catch (error) {
      if (!(error instanceof ValueProblem)) throw error;
      this.#fail(path, error);
      return { ok: false, diagnostics: this.#failure ?? [] };
    }
  }

  #answer(operation: Operation, values: readonly unknown[]): Plain {
    switch (operation.kind) {
      case 'path':
        return this.#at(operation.path, values);
      case 'defined':
        return this.#isDefined(operation.path, values);
      case 'contains': {
        const [item, ...rest] = values;
        return contains(this.#subject(operation.path, rest), this.#in(item));
      }
      case 'iterate':
        return iterated(this.#subject(operation.path, values));
      case 'compare':
        return compared(operation.operator, this.#in(values[0]), this.#in(values[1]));
      case 'dict':
        return dictOf(values.map(this.#in));
      case 'calculate':
        return calculate(operation.operator, this.#in(values[0]), this.#in(values[1]));
      case 'text':
        return operation.text;
      case 'print':
        return this.#printed(textOf(this.#in(values[0])));
      case 'result':
        this.#result = this.#in(values[0]);
        return '';
      case 'no-else':
        throw new ValueProblem('the condition is false, and there is no "else"');
      default:
        return this.#applied(operation, values);
    }
  }

  #applied(
    { applied, path, positional, named }: Operation & { readonly kind: 'filter' | 'test' },
    values: readonly unknown[],
  ): Plain {
    const keys = path === null ? 1 : waysOf(path);
    const subject = this.#subject(path, values.slice(0, keys));
    const given = values.slice(keys).map(this.#in);
    const byName = named.map((name, at): [string, Plain] => [name, given[positional + at] ?? null]);
    const args = new Given(library, applied, given.slice(0, positional), new Map(byName));
    return applied.apply(subject, args);
  }

  /** A value of the engine's, or of the scope. */
  #subject(path: PathUse | null, values: readonly unknown[]): Plain {
    return path === null ? this.#in(values[0]) : this.#at(path, values);
  }

  /** Steps of the engine are counted there; this is for filters. */
  #hurry(): void {
    if (performance.now() - this.#beganMs < longestMs) return;
    this.#used ??= process.cpuUsage();
    const { user, system } = process.cpuUsage(this.#used);
    if (user + system > longestMs * 1000) throw new ValueProblem('the template takes too long');
  }

  #at(path: PathUse, values: readonly unknown[]): Plain {
    const [base, keys] = waysIn(path, values.map(this.#in));
    return revealed(requiredAt(path, this.#scope, base, keys), this.#note);
  }

  #isDefined(path: PathUse, values: readonly unknown[]): boolean {
    const [base, keys] = waysIn(path, values.map(this.#in));
    return valueAt(path, this.#scope, base, keys) !== undefined;
  }

  readonly #in = (value: unknown): Plain => this.#exchange.fromEngine(value);

  readonly #note = (secret: Secret): void => {
    this.#secrets.add(secret);
  };

  #printed(text: string): string {
    this.#length += text.length;
    if (this.#length > longestText) throw new ValueProblem('the text gets longer than 10 MB');
    return text;
  }

  #hidden(value: Data): Data {
    if (typeof value === 'string' && value !== '') {
      const secret = new Secret({ kind: 'written' }, this.#runnable.place);
      secret.settle(value);
      return secret;
    }
    if (typeof value !== 'object' || value === null || value instanceof Secret) return value;
    if (Array.isArray(value)) return value.map((item) => this.#hidden(item));
    const map: Record<string, Data> = Object.create(null);
    for (const [key, item] of Object.entries(value)) map[key] = this.#hidden(item);
    return map;
  }

  #fail(span: Span | null, error: ValueProblem): void {
    if (error.diagnostics.length > 0) {
      this.#failure = error.diagnostics;
      return;
    }
    const where = this.#place(error instanceof PathProblem ? error.span : span);
    const isSecret = this.#secrets.size > 0;
    const message = isSecret ? withoutQuotes(error.message) : error.message;
    this.#failure = [diagnosticAt(where, message, isSecret ? null : error.hint)];
  }

  #place(span: Span | null): Place {
    return span === null ? this.#runnable.place : this.#runnable.placeOf(span.start, span.end);
  }
}

function spanOf(operation: Operation): Span | null {
  if ('path' in operation && operation.path !== null && !('start' in operation))
    return operation.path;
  return 'start' in operation ? operation : null;
}

/** How many values of a call belong to a path: those that only the engine knows. */
function waysOf({ root, segments }: PathUse): number {
  return (root === null ? 1 : 0) + segments.filter(({ key }) => key === null).length;
}

function waysIn({ root }: PathUse, plain: readonly Plain[]): readonly [Value, readonly Value[]] {
  return root === null ? [plain[0] ?? null, plain.slice(1)] : [null, plain];
}

/** The value with all that is lazy in it made. */
function dataOf(value: Value): Data {
  if (!(value instanceof LazyMap)) return value;
  const map: Record<string, Data> = Object.create(null);
  for (const name of value.names()) {
    const found = opened(value, name);
    if (found !== undefined) map[name] = dataOf(found);
  }
  return map;
}

/** What is quoted may be made of a secret. */
function withoutQuotes(message: string): string {
  return message.replace(/"(?:[^"\\]|\\.)*"/g, hidden);
}

/** What a loop goes through: the items of a list, the keys of a map, the characters of a text. */
function iterated(value: Plain): Plain {
  return typeof value === 'string' ? [...value] : asList(value);
}

function compared(operator: string, left: Plain, right: Plain): boolean {
  if (operator === '==') return isEqual(left, right);
  if (operator === '!=') return !isEqual(left, right);
  const order = compare(left, right, true);
  if (operator === '<') return order < 0;
  if (operator === '<=') return order <= 0;
  return operator === '>' ? order > 0 : order >= 0;
}

function dictOf(parts: readonly Plain[]): Plain {
  const pairs = parts.flatMap((key, index): [string, Plain][] =>
    index % 2 === 0 ? [[asText(key), parts[index + 1] ?? null]] : [],
  );
  return mapOf(pairs);
}
