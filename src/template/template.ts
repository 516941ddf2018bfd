import type { Data } from '../source/data.ts';
import type { Result } from '../source/result.ts';
import { diagnosticAt, type Place } from '../source/source-text.ts';
import { hasMarks } from './has-marks.ts';
import { parseBareExpression, parseTemplate } from './parse-template.ts';
import type { Program } from './program.ts';
import { type Runnable, runText, runValue, runWay, type Way } from './run.ts';
import { type Expr, SyntaxProblem } from './syntax.ts';
import type { TemplateOptions } from './template-scanner.ts';
import { placesOf } from './text-places.ts';
import { kindOf, type Scope } from './value.ts';
import { writeExpression, writeTemplate } from './write-program.ts';

/** A variable that a text reads, and where. */
export interface VariableUse {
  /** Its name, and the attributes and keys after it that are written out: `facts`, `os_family`. */
  readonly keys: readonly [string, ...(string | number)[]];
  /** Whether it may be missing: it is tested for, or has a default. */
  readonly mayBeMissing: boolean;
  readonly place: Place;
}

interface Readable extends Runnable {
  /** The variables it reads that are not its own, in the order in which they are read. */
  readonly names: readonly VariableUse[];
}

/** A text that was read. */
export interface Template extends Readable {
  /** What it makes: the value of its one expression, or a text. */
  readonly makes: 'value' | 'text';
  readonly text: string;
  /** Its one expression is this and nothing else. */
  readonly way: Way | null;
}

/** An expression that was read, such as that of `when`. */
export interface Expression extends Readable {
  readonly way: Way | null;
}

/**
 * Reads a text with `{{ }}`, `{% %}` and `{# #}` in it, once; what is wrong in it is told where it is
 * written.
 *
 * @param text the value of the scalar at `place`, or the whole of a file
 */
export function readTemplate(
  text: string,
  place: Place,
  options?: TemplateOptions,
): Result<Template> {
  return reading(text, place, () => {
    const parts = hasMarks(text) ? parseTemplate(text, options) : [];
    const [only, ...more] = parts;
    const isValue = only?.kind === 'output' && more.length === 0 && /^\{\{[\s\S]*\}\}$/.test(text);
    const program = isValue ? writeExpression(only.value) : writeTemplate(parts);
    const makes: Template['makes'] = isValue ? 'value' : 'text';
    return {
      ...readable(program, text, place),
      makes,
      text,
      way: isValue ? wayOf(program, only.value) : null,
    };
  });
}

/** Reads an expression without braces. */
export function readExpression(text: string, place: Place): Result<Expression> {
  return reading(text, place, () => {
    const braces = /^\s*\{\{([\s\S]*)\}\}\s*$/.exec(text);
    if (braces !== null) {
      const span = { start: text.indexOf('{{'), end: text.indexOf('{{') + 2 };
      const bare = (braces[1] ?? '').trim();
      throw new SyntaxProblem(span, 'an expression has no braces around it', `write: ${bare}`);
    }
    const value = parseBareExpression(text);
    const program = writeExpression(value);
    return { ...readable(program, text, place), way: wayOf(program, value) };
  });
}

/**
 * What a template makes of the values of a scope: a text, or, where the text is one `{{ }}` and
 * nothing else, its value as it is. What secrets went into is a secret.
 * @param scope what it throws ends the rendering, and is thrown on
 */
export function render(template: Template, scope: Scope): Result<Data> {
  if (!hasMarks(template.text)) return { ok: true, value: template.text };
  return template.makes === 'text' ? runText(template, scope) : evaluate(template, scope);
}

/** The value of an expression; the rest as in `render`. */
export function evaluate(expression: Expression, scope: Scope): Result<Data> {
  const { way } = expression;
  return (way === null ? null : runWay(expression, way, scope)) ?? runValue(expression, scope);
}

/** Whether an expression is true. It must be true or false: Jinja takes the text "false" for true. */
export function decide(expression: Expression, scope: Scope): Result<boolean> {
  const result = evaluate(expression, scope);
  if (!result.ok) return result;
  const { value } = result;
  if (typeof value === 'boolean') return { ok: true, value };
  const message = `the condition is neither true nor false, but ${kindOf(value)}`;
  const hint = 'compare it, or write "| bool", "is truthy" or "| length > 0"';
  return { ok: false, diagnostics: [diagnosticAt(expression.place, message, hint)] };
}

function reading<T>(text: string, place: Place, read: () => T): Result<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    const { start, end } = error.span;
    const where = placesOf(text, place)(start, Math.max(start, end));
    return { ok: false, diagnostics: [diagnosticAt(where, error.message, error.hint)] };
  }
}

function readable(program: Program, text: string, place: Place): Readable {
  const placeOf = placesOf(text, place);
  const names = program.names.map(({ keys, mayBeMissing, start, end }) => ({
    ...{ keys, mayBeMissing, place: placeOf(start, end) },
  }));
  return { program, place, placeOf, names };
}

/** The way that is all of the expression; nothing but its keys needs the engine. */
function wayOf({ operations }: Program, value: Expr): Way | null {
  const path = operations.findLast((one) => one.kind === 'path')?.path;
  if (path === undefined || path.root === null || !isMemberOfName(value)) return null;
  return { path, keys: keysOf(value).map(writeExpression) };
}

function isMemberOfName(value: Expr): boolean {
  return value.kind === 'member' ? isMemberOfName(value.object) : value.kind === 'name';
}

/** Those that are worked out, in their order. */
function keysOf(value: Expr): readonly Expr[] {
  if (value.kind !== 'member') return [];
  const { key, object } = value;
  const isWritten = key.kind === 'literal' && ['string', 'number'].includes(typeof key.value);
  return [...keysOf(object), ...(isWritten ? [] : [key])];
}
