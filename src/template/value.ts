import type { Data } from '../source/data.ts';
import type { Diagnostic } from '../source/diagnostic.ts';
import type { Result } from '../source/result.ts';
import { Secret } from '../source/secret.ts';

/** Data without secrets in it: what filters and tests see. */
export type Plain =
  | string
  | number
  | boolean
  | null
  | readonly Plain[]
  | { readonly [key: string]: Plain };

export type PlainMap = { readonly [key: string]: Plain };

/** Names and their values, asked for one by one. */
export interface Scope {
  /** The value of a name, what is wrong with it, or undefined when there is none. */
  get(name: string): Result<Value> | undefined;
  /** The names that have a value: for messages, and where all of them are wanted. */
  names(): Iterable<string>;
}

/** A map whose values are only made when they are asked for, such as `hostvars`. */
export class LazyMap implements Scope {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  get(name: string): Result<Value> | undefined {
    return this.#scope.get(name);
  }

  names(): Iterable<string> {
    return this.#scope.names();
  }
}

/** What a name of a scope may stand for. */
export type Value = Data | LazyMap;

/** The value of a name, undefined when there is none; throws a ValueProblem when it is wrong. */
export function opened(scope: Scope, name: string): Value | undefined {
  const found = scope.get(name);
  if (found?.ok === false) throw new ValueProblem('', null, found.diagnostics);
  return found?.value;
}

/** What is wrong while a template is rendered: a sentence without a place, or problems of elsewhere. */
export class ValueProblem extends Error {
  override readonly name = 'ValueProblem';
  readonly hint: string | null;
  readonly diagnostics: readonly Diagnostic[];

  constructor(
    message: string,
    hint: string | null = null,
    diagnostics: readonly Diagnostic[] = [],
  ) {
    super(message);
    this.hint = hint;
    this.diagnostics = diagnostics;
  }
}

export function isList(value: unknown): value is readonly Plain[] {
  return Array.isArray(value);
}

export function isMap(value: unknown): value is PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A map of these pairs that has no prototype: any text is a fine key. */
export function mapOf(pairs: Iterable<readonly [string, Plain]>): PlainMap {
  const map: Record<string, Plain> = Object.create(null);
  for (const [key, value] of pairs) map[key] = value;
  return map;
}

/** How messages call a value's kind. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return value instanceof Secret ? 'a secret' : 'a map';
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}

const MOST_PARTS = 1_000_000;
const DEEPEST = 500;

const counted = new WeakMap<object, { readonly parts: number; readonly depth: number }>();

/**
 * How many parts a value has: what is in it twice counts twice, since whoever goes through it meets it twice.
 * Throws a ValueProblem where these are too many, or where it is too deep.
 */
export function partsOf(value: Plain): number {
  return sizeOf(value).parts;
}

function sizeOf(value: Plain): { readonly parts: number; readonly depth: number } {
  if (typeof value !== 'object' || value === null) return single;
  const known = counted.get(value);
  if (known !== undefined) return known;
  let [parts, depth] = [1, 0];
  for (const item of Object.values(value)) {
    const inner = sizeOf(item);
    parts += inner.parts;
    depth = Math.max(depth, inner.depth);
  }
  if (parts > MOST_PARTS) throw new ValueProblem(`the value has more than ${MOST_PARTS} parts`);
  if (depth >= DEEPEST)
    throw new ValueProblem(`the value is deeper than ${DEEPEST} lists and maps`);
  const size = { parts, depth: depth + 1 };
  counted.set(value, size);
  return size;
}

const single = { parts: 1, depth: 0 } as const;

const plainOnes = new WeakSet<object>();

/** The value with its secrets revealed; `noted` is told of each. */
export function revealed(value: Value, noted: (secret: Secret) => void): Plain {
  let parts = 0;
  const plain = (part: Value): Plain => {
    if (++parts > MOST_PARTS) throw new ValueProblem(`the value has more than ${MOST_PARTS} parts`);
    if (part instanceof Secret) {
      if (!part.isSettled) throw new ValueProblem('the value of this secret is not known yet');
      noted(part);
      return part.reveal();
    }
    if (part instanceof LazyMap) {
      return mapOf([...part.names()].map((name) => [name, plain(opened(part, name) ?? null)]));
    }
    if (typeof part !== 'object' || part === null) return part;
    if (Array.isArray(part)) return part.map(plain);
    return mapOf(Object.entries(part).map(([key, item]): [string, Plain] => [key, plain(item)]));
  };
  if (isPlain(value)) return value;
  return plain(value);
}

/** Whether there is nothing to reveal or to make in it; large values are asked for again and again. */
function isPlain(value: Value): value is Plain {
  if (typeof value !== 'object' || value === null || plainOnes.has(value)) return true;
  if (value instanceof Secret || value instanceof LazyMap) return false;
  if (!Object.values(value).every(isPlain)) return false;
  plainOnes.add(value);
  return true;
}

/** Whether two values are the same; 1 and 1.0 are. */
export function isEqual(left: Plain, right: Plain): boolean {
  if (isList(left)) {
    return (
      isList(right) &&
      left.length === right.length &&
      left.every((item, index) => isEqual(item, right[index] ?? null))
    );
  }
  if (!isMap(left)) return left === right;
  if (!isMap(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && isEqual(left[key] ?? null, right[key] ?? null))
  );
}

/** Jinja's: empty texts, lists and maps, zero, false and null are false. */
export function isTrue(value: Plain): boolean {
  if (isList(value)) return value.length > 0;
  return isMap(value) ? Object.keys(value).length > 0 : Boolean(value);
}

/** A value inside a text, as Python writes it; null is nothing. */
export function textOf(value: Plain): string {
  if (typeof value === 'string') return value;
  return value === null ? '' : pythonText(value);
}

function pythonText(value: Plain): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'string') return pythonQuoted(value);
  if (isList(value)) return `[${value.map(pythonText).join(', ')}]`;
  const pairs = Object.entries(value).map(
    ([key, item]) => `${pythonQuoted(key)}: ${pythonText(item)}`,
  );
  return `{${pairs.join(', ')}}`;
}

const SMALLEST_PLAIN = 1e-4;

function numberText(value: number): string {
  if (Object.is(value, -0)) return '0';
  const isSmall = value !== 0 && Math.abs(value) < SMALLEST_PLAIN;
  const text = isSmall ? value.toExponential() : String(value);
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

function pythonQuoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(/[\\'\p{Cc}]/gu, (character) => {
    if (character === '\\') return '\\\\';
    if (character === "'") return quote === "'" ? "\\'" : "'";
    const letter = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character];
    return letter ?? `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`;
  });
  return `${quote}${escaped}${quote}`;
}
