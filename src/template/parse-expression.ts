import { quoted } from '../source/quoted.ts';
import type { Arguments, Arithmetic, Expr, Filter, Name, Span } from './syntax.ts';
import { SyntaxProblem } from './syntax.ts';
import type { Token } from './tokens.ts';

const COMPARISONS = new Set(['==', '!=', '<', '<=', '>', '>=']);
const KEYWORDS = new Set(['and', 'or', 'not', 'in', 'is', 'if', 'else']);
const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map([
  ...(['true', 'True'] as const).map((name) => [name, true] as const),
  ...(['false', 'False'] as const).map((name) => [name, false] as const),
  ...(['none', 'None', 'null'] as const).map((name) => [name, null] as const),
]);
const DEEPEST = 200;

/**
 * Reads expressions from tokens, by Jinja's own grammar (its parser.py). Long for a file, as all rules
 * of the grammar call each other.
 */
export class ExpressionParser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get token(): Token {
    const token = this.#tokens[this.#at] ?? this.#tokens.at(-1);
    if (token === undefined) throw new Error('there are no tokens');
    return token;
  }

  next(): Token {
    const { token } = this;
    this.#at++;
    return token;
  }

  /** Whether the next token is this operator or word; it is taken then. */
  takes(text: string): boolean {
    if (!this.sees(text)) return false;
    this.#at++;
    return true;
  }

  sees(text: string): boolean {
    return (
      this.token.text === text && (this.token.kind === 'operator' || this.token.kind === 'name')
    );
  }

  expects(text: string): Token {
    if (!this.sees(text)) this.#unexpected(`${quoted(text)} is expected`);
    return this.next();
  }

  /** Complains about whatever follows a whole expression. */
  ends(): void {
    if (this.token.kind === 'end') return;
    const isEqual = this.sees('=');
    this.#unexpected('the expression should end', isEqual ? 'compare with "=="' : null);
  }

  name(): Name {
    const { token } = this;
    if (token.kind !== 'name' || KEYWORDS.has(token.text)) this.#unexpected('a name is expected');
    this.#at++;
    return { kind: 'name', name: token.text, start: token.start, end: token.end };
  }

  /** Any word, such as `if`. */
  word(): string {
    if (this.token.kind !== 'name') this.#unexpected('a word is expected');
    return this.next().text;
  }

  /** `a`, or `a, b`, which is a list. */
  tuple(): Expr {
    const first = this.expression();
    if (!this.sees(',')) return first;
    const items = [first];
    while (this.takes(',')) {
      if (this.token.kind === 'end' || this.sees(')')) break;
      items.push(this.expression());
    }
    return { kind: 'list', items, ...spanned(first, items.at(-1) ?? first) };
  }

  expression(): Expr {
    if (++this.#depth > DEEPEST) this.#unexpected('the expression is nested too deeply');
    let then = this.or();
    while (this.takes('if')) {
      const test = this.or();
      const otherwise = this.takes('else') ? this.expression() : null;
      then = { kind: 'choice', test, then, otherwise, ...spanned(then, otherwise ?? test) };
    }
    this.#depth--;
    return then;
  }

  or(): Expr {
    return this.#chain(['or'], () => this.#chain(['and'], () => this.#not()));
  }

  #not(): Expr {
    const { token } = this;
    if (!this.takes('not')) return this.#compare();
    if (++this.#depth > DEEPEST) this.#unexpected('the expression is nested too deeply');
    const operand = this.#not();
    this.#depth--;
    return { kind: 'unary', operator: 'not', operand, ...spanned(token, operand) };
  }

  #compare(): Expr {
    const first = this.#sum();
    const rest: { operator: string; operand: Expr }[] = [];
    for (;;) {
      const { token } = this;
      if (token.kind === 'operator' && COMPARISONS.has(token.text)) this.#at++;
      else if (this.sees('not') && this.#tokens[this.#at + 1]?.text === 'in') this.#at += 2;
      else if (!this.takes('in')) break;
      const operator = token.text === 'not' ? 'not in' : token.text;
      rest.push({ operator, operand: this.#sum() });
    }
    const last = rest.at(-1);
    return last === undefined
      ? first
      : { kind: 'compare', first, rest, ...spanned(first, last.operand) };
  }

  #sum(): Expr {
    return this.#chain(['+', '-'], () =>
      this.#chain(['~'], () =>
        this.#chain(['*', '/', '//', '%'], () => this.#chain(['**'], () => this.#unary(true))),
      ),
    );
  }

  #chain(operators: readonly (Arithmetic | 'and' | 'or')[], operand: () => Expr): Expr {
    let left = operand();
    for (;;) {
      const operator = operators.find((one) => this.takes(one));
      if (operator === undefined) return left;
      const right = operand();
      left = { kind: 'binary', operator, left, right, ...spanned(left, right) };
    }
  }

  #unary(hasFilters: boolean): Expr {
    const { token } = this;
    let value: Expr;
    const operator = (['-', '+'] as const).find((one) => this.takes(one));
    if (operator === undefined) value = this.#primary();
    else {
      if (++this.#depth > DEEPEST) this.#unexpected('the expression is nested too deeply');
      const operand = this.#unary(false);
      this.#depth--;
      value = { kind: 'unary', operator, operand, ...spanned(token, operand) };
    }
    value = this.#postfix(value);
    return hasFilters ? this.filters(value) : value;
  }

  #primary(): Expr {
    const token = this.next();
    const { start, end } = token;
    if (token.kind === 'number') return { kind: 'literal', value: token.value, start, end };
    if (token.kind === 'string') {
      let value = String(token.value);
      let last = end;
      while (this.token.kind === 'string') {
        last = this.token.end;
        value += String(this.next().value);
      }
      return { kind: 'literal', value, start, end: last };
    }
    if (token.kind === 'name' && !KEYWORDS.has(token.text)) {
      const value = CONSTANTS.get(token.text);
      return value === undefined
        ? { kind: 'name', name: token.text, start, end }
        : { kind: 'literal', value, start, end };
    }
    if (token.kind === 'operator') {
      if (token.text === '(') return this.#parenthesized(token);
      if (token.text === '[') {
        const items = this.#items(']');
        return { kind: 'list', items, start, end: this.#lastEnd() };
      }
      if (token.text === '{') return this.#dict(token);
    }
    this.#at--;
    return this.#unexpected('a value is expected');
  }

  #parenthesized(open: Token): Expr {
    if (this.takes(')'))
      return { kind: 'list', items: [], start: open.start, end: this.#lastEnd() };
    const value = this.tuple();
    this.expects(')');
    return { ...value, start: open.start, end: this.#lastEnd() };
  }

  #items(closing: string): Expr[] {
    const items: Expr[] = [];
    while (!this.takes(closing)) {
      if (items.length > 0) this.expects(',');
      if (this.takes(closing)) break;
      items.push(this.expression());
    }
    return items;
  }

  #dict(open: Token): Expr {
    const pairs: { key: Expr; value: Expr }[] = [];
    while (!this.takes('}')) {
      if (pairs.length > 0) this.expects(',');
      if (this.takes('}')) break;
      const key = this.expression();
      this.expects(':');
      pairs.push({ key, value: this.expression() });
    }
    return { kind: 'dict', pairs, start: open.start, end: this.#lastEnd() };
  }

  #postfix(value: Expr): Expr {
    let result = value;
    for (;;) {
      const { start } = value;
      if (this.takes('.'))
        result = {
          kind: 'member',
          object: result,
          key: this.#attribute(),
          start,
          end: this.#lastEnd(),
        };
      else if (this.takes('[')) result = this.#subscript(result);
      else if (this.sees('(')) {
        const args = this.args();
        result = { kind: 'call', callee: result, args, start, end: this.#lastEnd() };
      } else return result;
    }
  }

  #attribute(): Expr {
    const { token } = this;
    const { start, end } = token;
    if (token.kind !== 'name' && token.kind !== 'number')
      this.#unexpected('a name is expected after "."');
    this.#at++;
    return { kind: 'literal', value: token.value, start, end };
  }

  #subscript(object: Expr): Expr {
    const { start } = object;
    const bounds: (Expr | null)[] = [null];
    while (!this.takes(']')) {
      if (this.takes(':')) bounds.push(null);
      else if (bounds.at(-1) === null) bounds[bounds.length - 1] = this.expression();
      else this.#unexpected('"]" is expected');
      if (bounds.length > 3) this.#unexpected('"]" is expected');
    }
    const [key] = bounds;
    const end = this.#lastEnd();
    if (bounds.length > 1) return { kind: 'slice', object, bounds, start, end };
    if (key === null || key === undefined) {
      throw new SyntaxProblem({ start, end }, 'a key is missing in "[]"');
    }
    return { kind: 'member', object, key, start, end };
  }

  /** The arguments in parentheses. */
  args(): Arguments {
    const positional: Expr[] = [];
    const named: { name: string; value: Expr }[] = [];
    this.expects('(');
    while (!this.takes(')')) {
      if (positional.length + named.length > 0) this.expects(',');
      if (this.takes(')')) break;
      if (this.token.kind === 'name' && this.#tokens[this.#at + 1]?.text === '=') {
        const { name } = this.name();
        this.expects('=');
        named.push({ name, value: this.expression() });
      } else {
        if (named.length > 0) this.#unexpected('a name is expected, as before');
        positional.push(this.expression());
      }
    }
    return { positional, named };
  }

  /** The filters and tests behind a value. */
  filters(value: Expr): Expr {
    let result = value;
    for (;;) {
      if (this.takes('|')) result = this.filter(result);
      else if (this.sees('is')) result = this.#test(result);
      else return result;
    }
  }

  filter(subject: Expr): Filter {
    const name = this.#dotted();
    const args = this.sees('(') ? this.args() : { positional: [], named: [] };
    return { kind: 'filter', subject, name, args, start: subject.start, end: this.#lastEnd() };
  }

  /** `combine`, or `ansible.builtin.combine`, which is the same. */
  #dotted(): Name {
    let name = this.name();
    const { start } = name;
    while (this.takes('.')) name = this.name();
    return { ...name, start };
  }

  #test(subject: Expr): Expr {
    this.expects('is');
    const isNegated = this.takes('not');
    const name = this.sees('in') ? this.#wordIn() : this.#dotted();
    const args = this.sees('(') ? this.args() : { positional: this.#bareArgument(), named: [] };
    const { start } = subject;
    return { kind: 'test', subject, name, args, isNegated, start, end: this.#lastEnd() };
  }

  #wordIn(): Name {
    const { start, end } = this.next();
    return { kind: 'name', name: 'in', start, end };
  }

  /** `a is divisibleby 3`. */
  #bareArgument(): Expr[] {
    const { kind, text } = this.token;
    const isValue =
      kind === 'string' || kind === 'number' || (kind === 'name' && !KEYWORDS.has(text));
    return isValue || this.sees('[') || this.sees('{') ? [this.#postfix(this.#primary())] : [];
  }

  #lastEnd(): number {
    return this.#tokens[this.#at - 1]?.end ?? 0;
  }

  #unexpected(wanted: string, hint: string | null = null): never {
    const { token } = this;
    const what = token.kind === 'end' ? '' : `, not ${quoted(token.text)}`;
    const end = Math.max(token.end, token.start + 1);
    throw new SyntaxProblem({ start: token.start, end }, `${wanted} here${what}`, hint);
  }
}

function spanned({ start }: Span, { end }: Span): Span {
  return { start, end };
}
