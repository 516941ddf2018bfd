import type { Data } from '../../src/source/data.ts';
import { formatDiagnostic } from '../../src/source/format-diagnostic.ts';
import type { Result } from '../../src/source/result.ts';
import { type Place, SourceText } from '../../src/source/source-text.ts';
import {
  decide,
  evaluate,
  readExpression,
  readTemplate,
  render,
} from '../../src/template/template.ts';
import type { Scope, Value } from '../../src/template/value.ts';

/** A scope of these values. */
export function scopeOf(values: Readonly<Record<string, Value>>): Scope {
  return {
    get: (name) => {
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      return value === undefined ? undefined : { ok: true, value };
    },
    names: () => Object.keys(values),
  };
}

/** The place of a text that is a whole file. */
export function fileOf(text: string): Place {
  return { source: new SourceText('t.j2', text), start: 0, end: text.length };
}

type Values = Readonly<Record<string, Value>>;

/** What a text renders to. */
export function rendering(text: string, values: Values = {}): Result<Data> {
  const template = readTemplate(text, fileOf(text));
  return template.ok ? render(template.value, scopeOf(values)) : template;
}

export function evaluation(text: string, values: Values = {}): Result<Data> {
  const expression = readExpression(text, fileOf(text));
  return expression.ok ? evaluate(expression.value, scopeOf(values)) : expression;
}

export function decision(text: string, values: Values = {}): Result<boolean> {
  const expression = readExpression(text, fileOf(text));
  return expression.ok ? decide(expression.value, scopeOf(values)) : expression;
}

/** The value, or the lines that tell what is wrong. */
export function told<T>(result: Result<T>): T | string {
  return result.ok ? result.value : result.diagnostics.map(formatDiagnostic).join('\n');
}

/** The first line of what is wrong, and the hint. */
export function complaint(result: Result<unknown>): string {
  if (result.ok) return `no complaint: ${JSON.stringify(result.value)}`;
  return result.diagnostics
    .map(({ position, message, hint }) => {
      const where = `${position?.line}:${position?.column}`;
      return `${where} ${message}${hint === null ? '' : ` (${hint})`}`;
    })
    .join('\n');
}
