import { didYouMean } from '../source/did-you-mean.ts';
import { isList, isMap, isTrue, kindOf, type Plain, textOf, ValueProblem } from './value.ts';

/** A filter: a pure function of a value and its arguments. Throws a ValueProblem. */
export interface FilterFunction {
  /** The names of its arguments, in order. */
  readonly parameters: readonly string[];
  /** Whether it takes any number of further ones. */
  readonly takesMore: boolean;
  readonly apply: (subject: Plain, given: Given) => Plain;
}

/** A test, such as `match` in `a is match("b")`. Throws a ValueProblem. */
export interface TestFunction extends Omit<FilterFunction, 'apply'> {
  readonly apply: (subject: Plain, given: Given) => boolean;
}

/** All filters and tests by their names. */
export interface Library {
  readonly filters: ReadonlyMap<string, FilterFunction>;
  readonly tests: ReadonlyMap<string, TestFunction>;
}

/** A filter from what it does; parameters in one text, `...` at its end for any number more. */
export function filter(parameters: string, apply: FilterFunction['apply']): FilterFunction {
  return { ...declared(parameters), apply };
}

/** A test from what it does. */
export function testOf(parameters: string, apply: TestFunction['apply']): TestFunction {
  return { ...declared(parameters), apply };
}

function declared(text: string): Omit<FilterFunction, 'apply'> {
  const words = text.split(' ').filter((word) => word !== '');
  return { parameters: words.filter((word) => word !== '...'), takesMore: words.includes('...') };
}

/** What arguments do not fit a function, or null. */
export function misfit(
  { parameters, takesMore }: Omit<FilterFunction, 'apply'>,
  positional: number,
  named: readonly string[],
): { readonly message: string; readonly hint: string | null } | null {
  const unknown = named.find((name) => !parameters.includes(name));
  if (unknown !== undefined) {
    const known = parameters.length === 0 ? 'it has none' : `known are ${parameters.join(', ')}`;
    return {
      message: `there is no argument "${unknown}"`,
      hint: didYouMean(unknown, parameters) ?? known,
    };
  }
  if (takesMore || positional <= parameters.length) return null;
  return { message: `at most ${parameters.length} arguments are taken`, hint: null };
}

/** The arguments that a filter or a test was given. */
export class Given {
  readonly library: Library;
  /** All that were given without a name. */
  readonly positional: readonly Plain[];
  readonly #byName: ReadonlyMap<string, Plain>;

  constructor(
    library: Library,
    { parameters, takesMore }: Omit<FilterFunction, 'apply'>,
    positional: readonly Plain[],
    named: ReadonlyMap<string, Plain>,
  ) {
    this.library = library;
    this.positional = positional;
    const pairs = takesMore
      ? []
      : positional.map((value, index): [string, Plain] => [parameters[index] ?? '', value]);
    this.#byName = new Map([...pairs, ...named]);
  }

  find(name: string): Plain | undefined {
    return this.#byName.get(name);
  }

  value(name: string, fallback?: Plain): Plain {
    const value = this.#byName.get(name) ?? fallback;
    if (value === undefined) throw new ValueProblem(`the argument "${name}" is missing`);
    return value;
  }

  text(name: string, fallback?: string): string {
    const value = this.value(name, fallback);
    if (typeof value === 'string') return value;
    throw new ValueProblem(`"${name}" must be a text, not ${kindOf(value)}`);
  }

  integer(name: string, fallback?: number): number {
    const value = this.value(name, fallback);
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    throw new ValueProblem(`"${name}" must be a whole number, not ${kindOf(value)}`);
  }

  flag(name: string, fallback: boolean): boolean {
    return isTrue(this.value(name, fallback));
  }

  list(name: string): readonly Plain[] {
    return asList(this.value(name));
  }
}

/** A list, or the keys of a map. */
export function asList(value: Plain): readonly Plain[] {
  if (isList(value)) return value;
  if (isMap(value)) return Object.keys(value);
  throw new ValueProblem(`a list is wanted, not ${kindOf(value)}`);
}

/** A text, or a number or boolean as text. */
export function asText(value: Plain): string {
  if (value !== null && typeof value !== 'object') return textOf(value);
  throw new ValueProblem(`a text is wanted, not ${kindOf(value)}`);
}

/** Of a list, by its number, as -1 counts from the end; undefined where there is nothing, or that is no number. */
export function itemAt(list: readonly Plain[], key: Plain): Plain | undefined {
  const number = asText(key);
  return /^-?\d{1,9}$/.test(number) ? list.at(Number(number)) : undefined;
}

/** What stands at `a.b.0` in a value; undefined where there is nothing. */
export function attributeOf(value: Plain, path: Plain): Plain | undefined {
  let part: Plain | undefined = value;
  for (const key of typeof path === 'number' ? [path] : asText(path).split('.')) {
    if (isList(part)) part = itemAt(part, key);
    else if (isMap(part) && Object.hasOwn(part, key)) part = part[key];
    else return undefined;
  }
  return part;
}

/** The same, but an error where there is nothing. */
export function attribute(value: Plain, path: Plain): Plain {
  const found = attributeOf(value, path);
  if (found === undefined) throw new ValueProblem(`${kindOf(value)} has no "${asText(path)}"`);
  return found;
}

/** Negative, zero or positive, as in sorting: texts without regard to case unless asked for. */
export function compare(left: Plain, right: Plain, isCaseSensitive = false): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  if (typeof left === 'string' && typeof right === 'string') {
    const [one, other] = isCaseSensitive
      ? [left, right]
      : [left.toLowerCase(), right.toLowerCase()];
    if (one === other) return 0;
    return one < other ? -1 : 1;
  }
  if (isList(left) && isList(right)) {
    for (const [index, item] of left.entries()) {
      const other = right[index];
      if (other === undefined) return 1;
      const order = compare(item, other, isCaseSensitive);
      if (order !== 0) return order;
    }
    return left.length - right.length;
  }
  throw new ValueProblem(`${kindOf(left)} and ${kindOf(right)} have no order`);
}
