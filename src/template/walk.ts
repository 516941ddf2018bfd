import { didYouMean } from '../source/did-you-mean.ts';
import { listed, quoted } from '../source/quoted.ts';
import { Secret } from '../source/secret.ts';
import type { PathUse } from './program.ts';
import type { Span } from './syntax.ts';
import { kindOf, LazyMap, opened, type Scope, type Value, ValueProblem } from './value.ts';

const MOST_NAMES = 12;

/** A problem at a part of a path. */
export class PathProblem extends ValueProblem {
  readonly span: Span;

  constructor(span: Span, message: string, hint: string | null) {
    super(message, hint);
    this.span = span;
  }
}

/** What a path leads to, or undefined where a key is missing; `keys` are those of run time, in order. */
export function valueAt(
  path: PathUse,
  scope: Scope,
  base: Value,
  keys: readonly Value[],
): Value | undefined {
  const walk = new Walk(path, scope, base, keys);
  return walk.end().found;
}

/** The same; a PathProblem says what is missing. */
export function requiredAt(
  path: PathUse,
  scope: Scope,
  base: Value,
  keys: readonly Value[],
): Value {
  const end = new Walk(path, scope, base, keys).end();
  if (end.found === undefined) throw end.problem();
  return end.found;
}

/** Where a walk ended; what is missing is only worded when it is told, as near names take time. */
type End =
  | { readonly found: Value }
  | { readonly found: undefined; readonly problem: () => PathProblem };

class Walk {
  readonly #path: PathUse;
  readonly #scope: Scope;
  readonly #base: Value;
  readonly #keys: readonly Value[];

  constructor(path: PathUse, scope: Scope, base: Value, keys: readonly Value[]) {
    this.#path = path;
    this.#scope = scope;
    this.#base = base;
    this.#keys = keys;
  }

  end(): End {
    const { root, segments, start } = this.#path;
    let value: Value | undefined = root === null ? this.#base : opened(this.#scope, root);
    let name = root ?? '';
    if (value === undefined) {
      return missing({ start, end: start + name.length }, name, name, this.#scope);
    }
    let next = 0;
    for (const { key, start: from, end } of segments) {
      const step = key ?? this.#keys[next++] ?? null;
      const inner = memberOf(value, step);
      const said = wordOf(step);
      const written =
        typeof step === 'number' ? `${name}[${step}]` : name === '' ? said : `${name}.${said}`;
      if (inner === undefined) {
        return without({ start: from, end }, value, name, written, step);
      }
      value = inner;
      name = written;
    }
    return { found: value };
  }
}

/** A key of a map, or an index of a list or a text; nothing that objects of JavaScript have besides. */
function memberOf(value: Value, key: Value): Value | undefined {
  if (value instanceof LazyMap)
    return typeof key === 'object' ? undefined : opened(value, String(key));
  if (value instanceof Secret || value === null) return undefined;
  if (Array.isArray(value)) return typeof key === 'number' ? value.at(key) : undefined;
  if (typeof value === 'string') return typeof key === 'number' ? [...value].at(key) : undefined;
  if (typeof value !== 'object' || typeof key === 'object') return undefined;
  return Object.hasOwn(value, String(key)) ? Reflect.get(value, String(key)) : undefined;
}

/** What is wrong where a value has no such key. */
function without(span: Span, value: Value, name: string, written: string, step: Value): End {
  if (value instanceof LazyMap) return missing(span, written, wordOf(step), value);
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (isMap && !(value instanceof Secret)) {
    return missing(span, written, wordOf(step), { names: () => Object.keys(value) });
  }
  const what = `${name === '' ? 'this' : quoted(name)} is ${kindOf(value)}`;
  const hint = Array.isArray(value) ? `it has ${value.length} items` : null;
  const message = `${what}: it has no ${quoted(wordOf(step))}`;
  return { found: undefined, problem: () => new PathProblem(span, message, hint) };
}

function missing(span: Span, whole: string, key: string, scope: Pick<Scope, 'names'>): End {
  const problem = (): PathProblem => {
    const known = [...scope.names()];
    const few = known.length > 0 && known.length <= MOST_NAMES;
    const hint = didYouMean(key, known) ?? (few ? `known here: ${listed(known, 'and')}` : null);
    return new PathProblem(span, `${quoted(whole)} is not defined`, hint);
  };
  return { found: undefined, problem };
}

/** A key in words: a map or a list is none. */
function wordOf(key: Value): string {
  return typeof key === 'object' && key !== null ? kindOf(key) : String(key);
}
