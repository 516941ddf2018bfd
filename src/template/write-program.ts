import { localName } from './local-names.ts';
import type { Program } from './program.ts';
import {
  type Expr,
  type Filter,
  type For,
  type If,
  type Part,
  type Span,
  spanOf,
  type Target,
} from './syntax.ts';
import { ExpressionWriter } from './write-expression.ts';

const FILTERED = 'b_filtered';

/** The program of a template that makes a text. Throws a SyntaxProblem. */
export function writeTemplate(parts: readonly Part[]): Program {
  const writer = new ProgramWriter();
  writer.parts(parts);
  return writer.program();
}

/** The program of an expression that makes a value. Throws a SyntaxProblem. */
export function writeExpression(value: Expr): Program {
  const writer = new ProgramWriter();
  writer.result(value);
  return writer.program();
}

/** Writes each expression on a line of its own: the engine tells no more than lines. */
class ProgramWriter {
  readonly #expressions = new ExpressionWriter();
  readonly #lines = new Map<number, Span>();
  #source = '';
  #line = 1;

  program(): Program {
    const { operations, names } = this.#expressions;
    return { source: this.#source, operations, names: names.all, lines: this.#lines };
  }

  result(value: Expr): void {
    this.#output('result', value);
  }

  parts(parts: readonly Part[]): void {
    for (const part of parts) this.#part(part);
  }

  #part(part: Part): void {
    switch (part.kind) {
      case 'text':
        this.#text(part.text);
        return;
      case 'output':
        this.#output('print', part.value);
        return;
      case 'if':
        this.#if(part);
        return;
      case 'for':
        this.#for(part);
        return;
      case 'set':
        this.#set(part.targets, part.value);
        return;
      case 'set-block':
        this.#setBlock(part);
        return;
      case 'with':
        this.#with(part.values, part.body);
        return;
      case 'filter-block':
        this.#block(FILTERED, part.body);
        this.#add('{{');
        this.#expression(part.filter, this.#printed(part.filter));
        this.#add('}}');
        return;
      case 'macro':
        this.#macro(part);
        return;
    }
  }

  #text(text: string): void {
    const isPlain = !text.includes('{');
    this.#add(isPlain ? text : `{{ ${this.#expressions.call({ kind: 'text', text }, [])} }}`);
  }

  #output(kind: 'print' | 'result', value: Expr): void {
    this.#add('{{');
    const written = this.#expressions.write(value);
    this.#expression(value, this.#expressions.call({ kind, ...spanOf(value) }, [written]));
    this.#add('}}');
  }

  #if({ branches, otherwise }: If): void {
    for (const [index, { test, body }] of branches.entries()) {
      this.#add(index === 0 ? '{% if' : '{% elif');
      this.#expression(test, this.#expressions.write(test));
      this.#add(' %}');
      this.parts(body);
    }
    if (otherwise !== null) {
      this.#add('{% else %}');
      this.parts(otherwise);
    }
    this.#add('{% endif %}');
  }

  #for({ targets, list, test, body, otherwise }: For): void {
    const written = this.#expressions.iterated(list);
    const names = targets.map((name) => localName(name)).join(', ');
    this.#add(`{% for ${names} in`);
    this.#expression(list, written);
    this.#expressions.locals.open([...targets, 'loop']);
    if (test !== null) {
      this.#add(' if');
      this.#expression(test, this.#expressions.write(test));
    }
    this.#add(' %}');
    this.parts(body);
    this.#expressions.locals.close();
    if (otherwise !== null) {
      this.#add('{% else %}');
      this.parts(otherwise);
    }
    this.#add('{% endfor %}');
  }

  #set(targets: readonly Target[], value: Expr): void {
    const names = targets.map(({ name, attribute }) =>
      attribute === null ? localName(name) : `${localName(name)}.${attribute}`,
    );
    const [only, ...more] = names;
    this.#add(`{% set ${more.length === 0 ? only : `(${names.join(', ')})`} =`);
    this.#expression(value, this.#expressions.write(value));
    this.#add(' %}');
    for (const { name, attribute } of targets) {
      if (attribute === null) this.#expressions.locals.add(name);
    }
  }

  #with(
    values: readonly { readonly name: string; readonly value: Expr }[],
    body: readonly Part[],
  ): void {
    for (const { name, value } of values) {
      this.#add(`{% with ${localName(name)} =`);
      this.#expression(value, this.#expressions.write(value));
      this.#add(' %}');
      this.#expressions.locals.open([name]);
    }
    this.parts(body);
    for (const _ of values) {
      this.#expressions.locals.close();
      this.#add('{% endwith %}');
    }
  }

  #macro({ name, parameters, body }: Part & { readonly kind: 'macro' }): void {
    this.#expressions.locals.add(name);
    const written = parameters.map(({ name: parameter, fallback }) =>
      fallback === null
        ? localName(parameter)
        : `${localName(parameter)}=${this.#expressions.write(fallback)}`,
    );
    this.#add(`{% macro ${localName(name)}(${written.join(', ')}) %}`);
    this.#scoped(
      parameters.map((parameter) => parameter.name),
      body,
    );
    this.#add('{% endmacro %}');
  }

  #scoped(names: readonly string[], body: readonly Part[]): void {
    this.#expressions.locals.open(names);
    this.parts(body);
    this.#expressions.locals.close();
  }

  /** The engine's own variable holds the text of a block, so that its filters are ours. */
  #setBlock({ name, filter, body }: Part & { readonly kind: 'set-block' }): void {
    const local = localName(name);
    if (filter === null) this.#block(local, body);
    else {
      this.#block(FILTERED, body);
      this.#add(`{% set ${local} =`);
      this.#expression(filter, this.#expressions.filtered(filter, FILTERED));
      this.#add(' %}');
    }
    this.#expressions.locals.add(name);
  }

  #block(local: string, body: readonly Part[]): void {
    this.#add(`{% set ${local} %}`);
    this.#scoped([], body);
    this.#add('{% endset %}');
  }

  #printed(filter: Filter): string {
    const made = this.#expressions.filtered(filter, FILTERED);
    return this.#expressions.call({ kind: 'print', ...spanOf(filter) }, [made]);
  }

  #expression(span: Span, written: string): void {
    this.#add('\n');
    this.#lines.set(this.#line, spanOf(span));
    this.#add(written);
  }

  #add(text: string): void {
    this.#source += text;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#line++;
  }
}
