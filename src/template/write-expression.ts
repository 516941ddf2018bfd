import { checkArguments, unknownName } from './call-problems.ts';
import type { FilterFunction, TestFunction } from './function.ts';
import { engineFilters, library } from './library.ts';
import { literalText } from './literal-text.ts';
import { LocalNames, localName } from './local-names.ts';
import { NameUses } from './name-uses.ts';
import type { Operation, PathUse, Segment } from './program.ts';
import type { Arguments, Compare, Expr, Filter, Member, Name, Test } from './syntax.ts';
import { SyntaxProblem, spanOf } from './syntax.ts';
import { writeCall } from './write-call.ts';

/** In all expressions of a text; a chain of comparisons writes what is between twice. */
const MOST_PARTS = 100_000;
const DEEPEST = 200;

/** A value, and whether it is of the scope: then how to find it. */
interface Way {
  readonly path: PathUse;
  /** What the engine must pass on: the value to begin with, and the keys that it knows. */
  readonly values: readonly string[];
}

/** A filter or a test of ours. */
type Applied =
  | { readonly kind: 'filter'; readonly applied: FilterFunction }
  | { readonly kind: 'test'; readonly applied: TestFunction };

/** Writes expressions in the engine's language, in which all that matters is a call of `_x`. */
export class ExpressionWriter {
  readonly operations: Operation[] = [];
  readonly names = new NameUses();
  readonly locals = new LocalNames();
  #written = 0;
  #depth = 0;

  call(operation: Operation, values: readonly string[]): string {
    const number = this.operations.push(operation) - 1;
    return `_x(${[String(number), ...values].join(', ')})`;
  }

  /** The filters of a block over a value of the engine's. */
  filtered(filter: Filter, subject: string): string {
    const inner =
      filter.subject.kind === 'filter' ? this.filtered(filter.subject, subject) : subject;
    return this.#filter(filter, inner, null);
  }

  write(value: Expr): string {
    if (++this.#written > MOST_PARTS) throw new SyntaxProblem(value, 'the expression is too long');
    if (++this.#depth > DEEPEST) {
      throw new SyntaxProblem(value, 'the expression is nested too deeply');
    }
    const written = this.#writeOne(value);
    this.#depth--;
    return written;
  }

  #writeOne(value: Expr): string {
    switch (value.kind) {
      case 'literal':
        return literalText(value.value);
      case 'name':
        return this.locals.has(value.name)
          ? localName(value.name)
          : this.#read(this.#way(value), false);
      case 'member':
        return this.#member(value);
      case 'slice': {
        const bounds = value.bounds.map((bound) => (bound === null ? '' : this.write(bound)));
        return `(${this.write(value.object)})[${bounds.join(':')}]`;
      }
      case 'call':
        return writeCall(value, this);
      case 'filter':
        return this.#applyFilter(value);
      case 'test':
        return this.#test(value);
      case 'unary':
        if (value.operator === 'not') return `(not ${this.write(value.operand)})`;
        return this.call({ kind: 'calculate', operator: value.operator, ...spanOf(value) }, [
          ...['0', this.write(value.operand)],
        ]);
      case 'binary': {
        const { operator, left, right } = value;
        if (operator === 'and' || operator === 'or') return this.#chained(value, operator);
        const values = [this.write(left), this.write(right)];
        return this.call({ kind: 'calculate', operator, ...spanOf(value) }, values);
      }
      case 'compare':
        return this.#compare(value);
      case 'choice': {
        const otherwise =
          value.otherwise === null
            ? this.call({ kind: 'no-else', ...spanOf(value) }, [])
            : this.write(value.otherwise);
        return `(${this.write(value.then)} if ${this.write(value.test)} else ${otherwise})`;
      }
      case 'list':
        return `[${value.items.map((item) => this.write(item)).join(', ')}]`;
      case 'dict':
        return this.call(
          { kind: 'dict' },
          value.pairs.flatMap((pair) => [this.write(pair.key), this.write(pair.value)]),
        );
    }
  }

  /** Without brackets between, which the engine takes only so many of. */
  #chained(value: Expr, operator: 'and' | 'or'): string {
    const operands: Expr[] = [];
    let left = value;
    while (left.kind === 'binary' && left.operator === operator) {
      operands.unshift(left.right);
      left = left.left;
    }
    const written = [left, ...operands].map((operand) => this.write(operand));
    return `(${written.join(` ${operator} `)})`;
  }

  /** Whether it is what a loop tells of itself. */
  isLoop(value: Expr): boolean {
    return value.kind === 'name' && value.name === 'loop' && this.locals.has('loop');
  }

  #member(value: Member): string {
    if (this.isLoop(value.object) && value.key.kind === 'literal') return `loop.${value.key.value}`;
    return this.#read(this.#way(value), false);
  }

  /** The way to a value: from a name of the scope, or from a value of the template's. */
  #way(value: Expr): Way {
    const keys: Expr[] = [];
    let base = value;
    for (; base.kind === 'member' && !this.isLoop(base.object); base = base.object) {
      keys.unshift(base.key);
    }
    const isFree = base.kind === 'name' && !this.locals.has(base.name);
    const segments = keys.map((key): Segment => {
      const isKnown =
        key.kind === 'literal' && (typeof key.value === 'string' || typeof key.value === 'number');
      return { key: isKnown ? key.value : null, ...spanOf(key) };
    });
    const values = keys.flatMap((key, index) =>
      segments[index]?.key === null ? [this.write(key)] : [],
    );
    const root = isFree && base.kind === 'name' ? base.name : null;
    const path = { root, segments, start: base.start, end: value.end };
    return { path, values: isFree ? values : [this.write(base), ...values] };
  }

  #read(way: Way, mayBeMissing: boolean): string {
    this.names.note(way.path, mayBeMissing);
    return this.call({ kind: 'path', path: way.path }, way.values);
  }

  #isDefined(way: Way): string {
    this.names.note(way.path, true);
    return this.call({ kind: 'defined', path: way.path }, way.values);
  }

  /** As the engine takes them. */
  arguments({ positional, named }: Arguments): string {
    return [
      ...positional.map((value) => this.write(value)),
      ...named.map(({ name, value }) => `${name}=${this.write(value)}`),
    ].join(', ');
  }

  #applyFilter(filter: Filter): string {
    const { subject, name, args } = filter;
    const way = this.#wayOf(subject);
    if (name.name === 'default' || name.name === 'd') {
      if (way !== null) return this.#default(way, args, name);
      const tried = this.#perhaps(subject);
      return `(${tried}|default(${this.arguments(args)}))`;
    }
    if (way === null || !library.filters.has(name.name)) {
      return this.#filter(filter, this.write(subject), null);
    }
    this.names.note(way.path, false);
    return this.#filter(filter, null, way);
  }

  /** The way to a value that may be missing. */
  #wayOf(value: Expr): Way | null {
    const isOfScope = value.kind === 'name' && !this.locals.has(value.name);
    const isOfLoop = value.kind === 'member' && this.isLoop(value.object);
    return isOfScope || (value.kind === 'member' && !isOfLoop) ? this.#way(value) : null;
  }

  /** The engine's own `first` and `last` give what is not defined where there is nothing. */
  #perhaps(value: Expr): string {
    if (value.kind !== 'filter' || !['first', 'last'].includes(value.name.name))
      return this.write(value);
    return `(${this.write(value.subject)}|${value.name.name})`;
  }

  #default(way: Way, { positional, named }: Arguments, name: Name): string {
    const find = (at: number, key: string): Expr | undefined =>
      positional[at] ?? named.find((one) => one.name === key)?.value;
    const isKnown = named.every((one) => ['default_value', 'boolean'].includes(one.name));
    const flag = find(1, 'boolean') ?? { kind: 'literal', value: false };
    if (!isKnown || positional.length > 2 || flag.kind !== 'literal') {
      throw new SyntaxProblem(name, 'default takes a value, and perhaps true or false');
    }
    const fallback = find(0, 'default_value');
    const instead = fallback === undefined ? '""' : this.write(fallback);
    const read = `${this.#read(way, true)} if ${this.#isDefined(way)}`;
    return flag.value ? `((${read} else false) or ${instead})` : `(${read} else ${instead})`;
  }

  #filter({ name, args }: Filter, subject: string | null, way: Way | null): string {
    const applied = library.filters.get(name.name);
    if (engineFilters.has(name.name) && way === null) {
      return `(${subject ?? ''}|${name.name}(${this.arguments(args)}))`;
    }
    if (applied === undefined) {
      throw unknownName('filter', name, [...library.filters.keys(), ...engineFilters]);
    }
    checkArguments(applied, name, args);
    return this.#apply({ kind: 'filter', applied }, name, args, subject, way);
  }

  #test({ subject, name, args, isNegated }: Test): string {
    if (name.name === 'defined' || name.name === 'undefined') {
      const isWanted = (name.name === 'defined') !== isNegated;
      const way = this.#wayOf(subject);
      const test = way === null ? `(${this.#perhaps(subject)} is defined)` : this.#isDefined(way);
      return isWanted ? test : `(not ${test})`;
    }
    const applied = library.tests.get(name.name);
    if (applied === undefined) {
      throw unknownName('test', name, [...library.tests.keys(), 'defined', 'undefined']);
    }
    const written = this.apply({ kind: 'test', applied }, name, args, subject);
    return isNegated ? `(not ${written})` : written;
  }

  /** A filter or a test of ours; the subject need not pass through the engine when it is of the scope. */
  apply(what: Applied, name: Name, args: Arguments, subject: Expr): string {
    checkArguments(what.applied, name, args);
    const way = this.#wayOf(subject);
    if (way === null) return this.#apply(what, name, args, this.write(subject), null);
    this.names.note(way.path, false);
    return this.#apply(what, name, args, null, way);
  }

  #apply(
    what: Applied,
    name: Name,
    { positional, named }: Arguments,
    subject: string | null,
    way: Way | null,
  ): string {
    const given = [...positional, ...named.map(({ value }) => value)];
    const operation = {
      ...what,
      ...{ ...spanOf(name), name: name.name, path: way?.path ?? null },
      ...{ positional: positional.length, named: named.map((one) => one.name) },
    };
    const first = way === null ? [subject ?? ''] : way.values;
    return this.call(operation, [...first, ...given.map((value) => this.write(value))]);
  }

  #compare({ first, rest }: Compare): string {
    let left = first;
    const comparisons = rest.map(({ operator, operand }) => {
      const written = this.#comparison(left, operator, operand);
      left = operand;
      return written;
    });
    return comparisons.length === 1 ? (comparisons[0] ?? '') : `(${comparisons.join(' and ')})`;
  }

  #comparison(left: Expr, operator: string, right: Expr): string {
    const span = { start: left.start, end: right.end };
    if (!operator.endsWith('in')) {
      const values = [this.write(left), this.write(right)];
      return this.call({ kind: 'compare', operator, ...span }, values);
    }
    const [path, values] = this.#source(right);
    const test = this.call({ kind: 'contains', path, ...span }, [this.write(left), ...values]);
    return operator === 'in' ? test : `(not ${test})`;
  }

  /** What a loop goes through. */
  iterated(value: Expr): string {
    const [path, values] = this.#source(value);
    return this.call({ kind: 'iterate', path, ...spanOf(value) }, values);
  }

  /** A value that need not pass through the engine when it is of the scope. */
  #source(value: Expr): readonly [path: PathUse | null, values: readonly string[]] {
    const way = this.#wayOf(value);
    if (way === null) return [null, [this.write(value)]];
    this.names.note(way.path, false);
    return [way.path, way.values];
  }
}
