import type { Data } from '../source/data.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import { quoted } from '../source/quoted.ts';
import type { Result } from '../source/result.ts';
import { Secret } from '../source/secret.ts';
import { diagnosticAt } from '../source/source-text.ts';
import { TemplateText } from '../source/template-text.ts';
import { decide, type Expression, evaluate, render, type Template } from '../template/template.ts';
import { LazyMap, type Scope as TemplateScope, type Value } from '../template/value.ts';
import { type Told, untold } from './knowledge.ts';
import { templateOf } from './written-templates.ts';

/** It takes a value that nobody has yet. */
export interface Waits {
  readonly type: 'waits';
  /** The variable that has it. */
  readonly name: string;
}

/** What came of asking for a value. */
export type Found<T = Data> =
  | { readonly type: 'value'; readonly value: T }
  | Waits
  | { readonly type: 'wrong'; readonly diagnostics: readonly Diagnostic[] };

/** Variables of one level: a value, `untold`, or undefined where the level has none of that name. */
export interface Level {
  readonly names: () => Iterable<string>;
  readonly get: (name: string) => Told | LazyMap | undefined;
}

/** Ends the working out of a value that takes a result which nobody has yet. */
class UntoldError extends Error {
  override readonly name = 'UntoldError';
  readonly variable: string;

  constructor(variable: string) {
    super(variable);
    this.variable = variable;
  }
}

/**
 * The names that a template may use on one host, with their values. A variable whose text is a
 * template is worked out when it is asked for, from the same scope, and once.
 */
export class Scope implements TemplateScope {
  readonly #levels: readonly Level[];
  readonly #known = new Map<string, Result<Value> | undefined>();
  readonly #open: TemplateText[] = [];

  /** @param levels the first one that has a name decides */
  constructor(levels: readonly Level[]) {
    this.#levels = levels;
  }

  /** The same with one more level over all others. */
  with(level: Level): Scope {
    return new Scope([level, ...this.#levels]);
  }

  /** All names that have a value. */
  readonly names = (): ReadonlySet<string> =>
    new Set(this.#levels.flatMap(({ names }) => [...names()]));

  /** The value of a variable; undefined: there is none. Throws `UntoldError` for what is yet to come. */
  readonly get = (name: string): Result<Value> | undefined => {
    if (this.#known.has(name)) return this.#known.get(name);
    const found = this.#find(name);
    if (this.#open.length === 0) this.#known.set(name, found);
    return found;
  };

  /** What a template comes to: a text, or the value of what is its only part. */
  render(template: Template): Found {
    return foundBy(() => render(template, this));
  }

  /** What an expression comes to. */
  evaluate(expression: Expression): Found {
    return foundBy(() => evaluate(expression, this));
  }

  /** Whether an expression is true. */
  decide(expression: Expression): Found<boolean> {
    return foundBy(() => decide(expression, this));
  }

  #find(name: string): Result<Value> | undefined {
    for (const level of this.#levels) {
      const told = level.get(name);
      if (told === untold) throw new UntoldError(name);
      if (told instanceof LazyMap) return { ok: true, value: told };
      if (told !== undefined) return this.#settled(told);
    }
    return undefined;
  }

  /** Data with all templates in it worked out; secrets stay as they are. */
  #settled(data: Data): Result<Data> {
    if (data instanceof TemplateText) return this.#text(data);
    if (data === null || typeof data !== 'object' || data instanceof Secret) {
      return { ok: true, value: data };
    }
    if (Array.isArray(data)) {
      const items: Data[] = [];
      for (const item of data) {
        const settled = this.#settled(item);
        if (!settled.ok) return settled;
        items.push(settled.value);
      }
      return { ok: true, value: items };
    }
    const map: Record<string, Data> = Object.create(null);
    for (const [key, item] of Object.entries(data)) {
      const settled = this.#settled(item);
      if (!settled.ok) return settled;
      map[key] = settled.value;
    }
    return { ok: true, value: map };
  }

  #text(text: TemplateText): Result<Data> {
    if (this.#open.includes(text)) {
      const message = `${quoted(text.text)} needs itself to be worked out`;
      return { ok: false, diagnostics: [diagnosticAt(text.place, message)] };
    }
    const template = templateOf(text);
    if (!template.ok) return template;
    this.#open.push(text);
    try {
      return render(template.value, this);
    } finally {
      this.#open.pop();
    }
  }
}

function foundBy<T>(work: () => Result<T>): Found<T> {
  try {
    const result = work();
    return result.ok
      ? { type: 'value', value: result.value }
      : { type: 'wrong', diagnostics: result.diagnostics };
  } catch (error) {
    if (error instanceof UntoldError) return { type: 'waits', name: error.variable };
    throw error;
  }
}
