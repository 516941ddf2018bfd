import type { Arguments, Arithmetic, Expr, Filter, Name, Span } from './syntax.ts';
import { SyntaxProblem } from './syntax.ts';
import { isName, TokenStream } from './token-stream.ts';
import type { Token } from './tokens.ts';

const COMPARISONS = new Set(['==', '!=', '<', '<=', '>', '>=']);
const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map([
  ...(['true', 'True'] as const).map((name) => [name, true] as const),
  ...(['false', 'False'] as const).map((name) => [name, false] as const),
  ...(['none', 'None', 'null'] as const).map((name) => [name, null] as const),
]);
const DEEPEST = 200;

/** Reads expressions from tokens, by Jinja's own grammar (its parser.py), all rules of which call each other. */
export class ExpressionParser extends TokenStream {
  #depth = 0;

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
    if (++this.#depth > DEEPEST) this.unexpected('the expression is nested too deeply');
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
    if (++this.#depth > DEEPEST) this.unexpected('the expression is nested too deeply');
    const operand = this.#not();
    this.#depth--;
    return { kind: 'unary', operator: 'not', operand, ...spanned(token, operand) };
  }

  #compare(): Expr {
    const first = this.#sum();
    const rest: { operator: string; operand: Expr }[] = [];
    for (;;) {
      const operator = this.#comparison();
      if (operator === null) break;
      rest.push({ operator, operand: this.#sum() });
    }
    const last = rest.at(-1);
    return last === undefined
      ? first
      : { kind: 'compare', first, rest, ...spanned(first, last.operand) };
  }

  /** null: none follows. */
  #comparison(): string | null {
    const { kind, text } = this.token;
    if (kind === 'operator' && COMPARISONS.has(text)) return this.next().text;
    if (this.takes('in')) return 'in';
    if (!this.sees('not') || this.following?.text !== 'in') return null;
    this.next();
    this.next();
    return 'not in';
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
      if (++this.#depth > DEEPEST) this.unexpected('the expression is nested too deeply');
      const operand = this.#unary(false);
      this.#depth--;
      value = { kind: 'unary', operator, operand, ...spanned(token, operand) };
    }
    value = this.#postfix(value);
    return hasFilters ? this.filters(value) : value;
  }

  #primary(): Expr {
    const { token } = this;
    const { start, end } = token;
    if (token.kind === 'number') {
      this.next();
      return { kind: 'literal', value: token.value, start, end };
    }
    if (token.kind === 'string') return this.#strings();
    if (isName(token)) {
      this.next();
      const value = CONSTANTS.get(token.text);
      return value === undefined
        ? { kind: 'name', name: token.text, start, end }
        : { kind: 'literal', value, start, end };
    }
    if (this.takes('(')) return this.#parenthesized(token);
    if (this.takes('[')) {
      const items = this.#items(']');
      return { kind: 'list', items, start, end: this.lastEnd };
    }
    if (this.takes('{')) return this.#dict(token);
    return this.unexpected('a value is expected');
  }

  /** `'a' 'b'`, which is one text. */
  #strings(): Expr {
    const { start } = this.token;
    let value = '';
    while (this.token.kind === 'string') value += String(this.next().value);
    return { kind: 'literal', value, start, end: this.lastEnd };
  }

  #parenthesized(open: Token): Expr {
    if (this.takes(')')) return { kind: 'list', items: [], start: open.start, end: this.lastEnd };
    const value = this.tuple();
    this.expects(')');
    return { ...value, start: open.start, end: this.lastEnd };
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
    return { kind: 'dict', pairs, start: open.start, end: this.lastEnd };
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
          end: this.lastEnd,
        };
      else if (this.takes('[')) result = this.#subscript(result);
      else if (this.sees('(')) {
        const args = this.args();
        result = { kind: 'call', callee: result, args, start, end: this.lastEnd };
      } else return result;
    }
  }

  #attribute(): Expr {
    const { token } = this;
    const { start, end } = token;
    if (token.kind !== 'name' && token.kind !== 'number')
      this.unexpected('a name is expected after "."');
    this.next();
    return { kind: 'literal', value: token.value, start, end };
  }

  #subscript(object: Expr): Expr {
    const { start } = object;
    const bounds: (Expr | null)[] = [null];
    while (!this.takes(']')) {
      if (this.takes(':')) bounds.push(null);
      else if (bounds.at(-1) === null) bounds[bounds.length - 1] = this.expression();
      else this.unexpected('"]" is expected');
      if (bounds.length > 3) this.unexpected('"]" is expected');
    }
    const [key] = bounds;
    const end = this.lastEnd;
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
      if (this.token.kind === 'name' && this.following?.text === '=') {
        const { name } = this.name();
        this.expects('=');
        named.push({ name, value: this.expression() });
      } else {
        if (named.length > 0) this.unexpected('a name is expected, as before');
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
    return { kind: 'filter', subject, name, args, start: subject.start, end: this.lastEnd };
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
    return { kind: 'test', subject, name, args, isNegated, start, end: this.lastEnd };
  }

  #wordIn(): Name {
    const { start, end } = this.next();
    return { kind: 'name', name: 'in', start, end };
  }

  /** `a is divisibleby 3`. */
  #bareArgument(): Expr[] {
    const { token } = this;
    const isValue = token.kind === 'string' || token.kind === 'number' || isName(token);
    return isValue || this.sees('[') || this.sees('{') ? [this.#postfix(this.#primary())] : [];
  }
}

function spanned({ start }: Span, { end }: Span): Span {
  return { start, end };
}
