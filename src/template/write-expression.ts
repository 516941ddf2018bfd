import { didYouMean } from '../source/did-you-mean.ts';
import { quoted } from '../source/quoted.ts';
import { type FilterFunction, misfit } from './function.ts';
import { engineFilters, library, methods, refusedNames } from './library.ts';
import { literalText } from './literal-text.ts';
import { LocalNames, localName } from './local-names.ts';
import type { NameUse, Operation, PathUse, Segment } from './program.ts';
import type { Arguments, Call, Compare, Expr, Filter, Member, Name, Span, Test } from './syntax.ts';
import { SyntaxProblem } from './syntax.ts';

/** Methods of texts, maps and lists that the engine has. */
const METHODS: ReadonlySet<string> = new Set([
  ...['capitalize', 'count', 'endswith', 'find', 'isalnum', 'isalpha', 'isascii', 'isdigit'],
  ...['islower', 'isnumeric', 'isspace', 'isupper', 'join', 'lower', 'lstrip', 'replace', 'rfind'],
  ...['rstrip', 'split', 'splitlines', 'startswith', 'strip', 'title', 'upper'],
  ...['get', 'items', 'keys', 'values'],
]);
const FUNCTIONS: readonly string[] = ['range', 'dict', 'namespace'];
/** In all expressions of a text; a chain of comparisons writes what is between twice. */
const MOST_PARTS = 100_000;
const DEEPEST = 200;

/** A value, and whether it is of the scope: then how to find it. */
interface Way {
  readonly path: PathUse;
  /** What the engine must pass on: the value to begin with, and the keys that it knows. */
  readonly values: readonly string[];
}

/**
 * Writes expressions in the engine's language, in which all that matters is a call of `_x`. Long for a
 * file, as each kind of expression holds others.
 */
export class ExpressionWriter {
  readonly operations: Operation[] = [];
  readonly names: NameUse[] = [];
  readonly locals = new LocalNames();
  readonly #noted = new Set<string>();
  #written = 0;
  #depth = 0;

  call(operation: Operation, values: readonly string[]): string {
    const number = this.operations.push(operation) - 1;
    return `_x(${[String(number), ...values].join(', ')})`;
  }

  write(value: Expr): string {
    return this.#write(value);
  }

  /** The filters of a block over a value of the engine's. */
  filtered(filter: Filter, subject: string): string {
    const inner =
      filter.subject.kind === 'filter' ? this.filtered(filter.subject, subject) : subject;
    return this.#filter(filter, inner, null);
  }

  #write(value: Expr): string {
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
        const bounds = value.bounds.map((bound) => (bound === null ? '' : this.#write(bound)));
        return `(${this.#write(value.object)})[${bounds.join(':')}]`;
      }
      case 'call':
        return this.#call(value);
      case 'filter':
        return this.#applyFilter(value);
      case 'test':
        return this.#test(value);
      case 'unary':
        if (value.operator === 'not') return `(not ${this.#write(value.operand)})`;
        return this.call({ kind: 'calculate', operator: value.operator, ...spanOf(value) }, [
          ...['0', this.#write(value.operand)],
        ]);
      case 'binary': {
        const { operator, left, right } = value;
        if (operator === 'and' || operator === 'or') return this.#chained(value, operator);
        const values = [this.#write(left), this.#write(right)];
        return this.call({ kind: 'calculate', operator, ...spanOf(value) }, values);
      }
      case 'compare':
        return this.#compare(value);
      case 'choice': {
        const otherwise =
          value.otherwise === null
            ? this.call({ kind: 'no-else', ...spanOf(value) }, [])
            : this.#write(value.otherwise);
        return `(${this.#write(value.then)} if ${this.#write(value.test)} else ${otherwise})`;
      }
      case 'list':
        return `[${value.items.map((item) => this.#write(item)).join(', ')}]`;
      case 'dict':
        return this.call(
          { kind: 'dict' },
          value.pairs.flatMap((pair) => [this.#write(pair.key), this.#write(pair.value)]),
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
    const written = [left, ...operands].map((operand) => this.#write(operand));
    return `(${written.join(` ${operator} `)})`;
  }

  #isLoop(value: Expr): boolean {
    return value.kind === 'name' && value.name === 'loop' && this.locals.has('loop');
  }

  #member(value: Member): string {
    if (this.#isLoop(value.object) && value.key.kind === 'literal')
      return `loop.${value.key.value}`;
    return this.#read(this.#way(value), false);
  }

  /** The way to a value: from a name of the scope, or from a value of the template's. */
  #way(value: Expr): Way {
    const keys: Expr[] = [];
    let base = value;
    for (; base.kind === 'member' && !this.#isLoop(base.object); base = base.object) {
      keys.unshift(base.key);
    }
    const isFree = base.kind === 'name' && !this.locals.has(base.name);
    const segments = keys.map((key): Segment => {
      const isKnown =
        key.kind === 'literal' && (typeof key.value === 'string' || typeof key.value === 'number');
      return { key: isKnown ? key.value : null, ...spanOf(key) };
    });
    const values = keys.flatMap((key, index) =>
      segments[index]?.key === null ? [this.#write(key)] : [],
    );
    const root = isFree && base.kind === 'name' ? base.name : null;
    const path = { root, segments, start: base.start, end: value.end };
    return { path, values: isFree ? values : [this.#write(base), ...values] };
  }

  #read(way: Way, mayBeMissing: boolean): string {
    this.#note(way.path, mayBeMissing);
    return this.call({ kind: 'path', path: way.path }, way.values);
  }

  #isDefined(way: Way): string {
    this.#note(way.path, true);
    return this.call({ kind: 'defined', path: way.path }, way.values);
  }

  #note({ root, segments, start, end }: PathUse, mayBeMissing: boolean): void {
    if (root === null) return;
    const unknown = segments.findIndex(({ key }) => key === null);
    const known = unknown === -1 ? segments : segments.slice(0, unknown);
    const keys = known.flatMap(({ key }) => key ?? []);
    const last = unknown === -1 ? end : (known.at(-1)?.end ?? start + root.length);
    const mark = `${start} ${mayBeMissing}`;
    if (this.#noted.has(mark)) return;
    this.#noted.add(mark);
    this.names.push({ keys: [root, ...keys], mayBeMissing, start, end: Math.min(end, last) });
  }

  #call({ callee, args, start, end }: Call): string {
    if (callee.kind === 'member' && callee.key.kind === 'literal') {
      const name = String(callee.key.value);
      const isOfLoop = this.#isLoop(callee.object) && ['cycle', 'changed'].includes(name);
      if (!isOfLoop && !METHODS.has(name)) {
        const hint =
          name === 'format' ? 'write "~" to join texts, or "| format"' : didYouMean(name, METHODS);
        throw new SyntaxProblem(callee.key, `there is no method ${quoted(name)}`, hint);
      }
      const own = methods.get(name);
      if (own !== undefined) return this.#method(own, callee, args);
      if (isOfLoop) return `loop.${name}(${this.#arguments(args)})`;
      return `(${this.#write(callee.object)}).${name}(${this.#arguments(args)})`;
    }
    if (callee.kind === 'name' && this.locals.has(callee.name)) {
      const named = args.named.map(({ name, value }) => `${localName(name)}=${this.#write(value)}`);
      return `${localName(callee.name)}(${[...args.positional.map((value) => this.#write(value)), ...named].join(', ')})`;
    }
    if (callee.kind !== 'name') throw new SyntaxProblem({ start, end }, 'this is nothing to call');
    if (!FUNCTIONS.includes(callee.name)) throw unknown('function', callee, FUNCTIONS);
    if (callee.name === 'dict' && args.positional.length > 0) {
      throw new SyntaxProblem(callee, 'dict() takes names only', 'use "| items2dict", or {...}');
    }
    if (callee.name !== 'dict') return `${callee.name}(${this.#arguments(args)})`;
    const pairs = args.named.flatMap(({ name, value }) => [literalText(name), this.#write(value)]);
    return this.call({ kind: 'dict' }, pairs);
  }

  #method(applied: FilterFunction, { object, key }: Member, args: Arguments): string {
    const name: Name = {
      kind: 'name',
      name: key.kind === 'literal' ? String(key.value) : '',
      ...spanOf(key),
    };
    this.#checkArguments(applied, name, args);
    const way = this.#wayOf(object);
    if (way !== null) this.#note(way.path, false);
    return this.call(
      { kind: 'filter', applied, ...this.#applied(name, args, way) },
      this.#values(way === null ? this.#write(object) : null, args, way),
    );
  }

  #arguments({ positional, named }: Arguments): string {
    return [
      ...positional.map((value) => this.#write(value)),
      ...named.map(({ name, value }) => `${name}=${this.#write(value)}`),
    ].join(', ');
  }

  #applyFilter(filter: Filter): string {
    const { subject, name, args } = filter;
    const way = this.#wayOf(subject);
    if (name.name === 'default' || name.name === 'd') {
      if (way !== null) return this.#default(way, args, name);
      const tried = this.#perhaps(subject);
      return `(${tried}|default(${this.#arguments(args)}))`;
    }
    if (way === null || !library.filters.has(name.name)) {
      return this.#filter(filter, this.#write(subject), null);
    }
    this.#note(way.path, false);
    return this.#filter(filter, null, way);
  }

  /** The way to a value that may be missing. */
  #wayOf(value: Expr): Way | null {
    const isOfScope = value.kind === 'name' && !this.locals.has(value.name);
    const isOfLoop = value.kind === 'member' && this.#isLoop(value.object);
    return isOfScope || (value.kind === 'member' && !isOfLoop) ? this.#way(value) : null;
  }

  /** The engine's own `first` and `last` give what is not defined where there is nothing. */
  #perhaps(value: Expr): string {
    if (value.kind !== 'filter' || !['first', 'last'].includes(value.name.name))
      return this.#write(value);
    return `(${this.#write(value.subject)}|${value.name.name})`;
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
    const instead = fallback === undefined ? '""' : this.#write(fallback);
    const read = `${this.#read(way, true)} if ${this.#isDefined(way)}`;
    return flag.value ? `((${read} else false) or ${instead})` : `(${read} else ${instead})`;
  }

  #filter({ name, args }: Filter, subject: string | null, way: Way | null): string {
    const applied = library.filters.get(name.name);
    if (engineFilters.has(name.name) && way === null) {
      return `(${subject ?? ''}|${name.name}(${this.#arguments(args)}))`;
    }
    if (applied === undefined) {
      throw unknown('filter', name, [...library.filters.keys(), ...engineFilters]);
    }
    this.#checkArguments(applied, name, args);
    return this.call(
      { kind: 'filter', applied, ...this.#applied(name, args, way) },
      this.#values(subject, args, way),
    );
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
      throw unknown('test', name, [...library.tests.keys(), 'defined', 'undefined']);
    }
    this.#checkArguments(applied, name, args);
    const way = this.#wayOf(subject);
    if (way !== null) this.#note(way.path, false);
    const written = this.call(
      { kind: 'test', applied, ...this.#applied(name, args, way) },
      this.#values(way === null ? this.#write(subject) : null, args, way),
    );
    return isNegated ? `(not ${written})` : written;
  }

  #checkArguments(applied: Parameters<typeof misfit>[0], name: Name, args: Arguments): void {
    const wrong = misfit(
      applied,
      args.positional.length,
      args.named.map((one) => one.name),
    );
    if (wrong !== null) throw new SyntaxProblem(name, `${name.name}: ${wrong.message}`, wrong.hint);
  }

  #applied(name: Name, args: Arguments, way: Way | null) {
    return {
      ...spanOf(name),
      name: name.name,
      path: way?.path ?? null,
      positional: args.positional.length,
      named: args.named.map((one) => one.name),
    };
  }

  #values(subject: string | null, args: Arguments, way: Way | null): readonly string[] {
    const first = way === null ? [subject ?? ''] : way.values;
    const given = [...args.positional, ...args.named.map((one) => one.value)];
    return [...first, ...given.map((value) => this.#write(value))];
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
      const values = [this.#write(left), this.#write(right)];
      return this.call({ kind: 'compare', operator, ...span }, values);
    }
    const [path, values] = this.#source(right);
    const test = this.call({ kind: 'contains', path, ...span }, [this.#write(left), ...values]);
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
    if (way === null) return [null, [this.#write(value)]];
    this.#note(way.path, false);
    return [way.path, way.values];
  }
}

function unknown(
  kind: string,
  { name, start, end }: Name,
  known: readonly string[],
): SyntaxProblem {
  const refusal = refusedNames.get(name);
  const message = `there is no ${kind} ${quoted(name)}`;
  return new SyntaxProblem({ start, end }, message, refusal ?? didYouMean(name, known));
}

function spanOf({ start, end }: Span): Span {
  return { start, end };
}
