import { didYouMean } from '../source/did-you-mean.ts';
import { quoted } from '../source/quoted.ts';
import { ExpressionParser } from './parse-expression.ts';
import type { Expr, Filter, Name, Part, Target } from './syntax.ts';
import { SyntaxProblem, spanOf } from './syntax.ts';
import {
  type Output,
  type Statement,
  type TemplateOptions,
  TemplateScanner,
} from './template-scanner.ts';
import { tokensAt } from './tokens.ts';

const STATEMENTS = ['if', 'for', 'set', 'macro', 'with', 'filter', 'raw'];
const REFUSED: ReadonlyMap<string, string> = new Map([
  ...['include', 'import', 'from', 'extends', 'block'].map(
    (name) => [name, 'a template reads no other file: pass what it needs by vars'] as const,
  ),
  ['do', 'use {% set %}'] as const,
  ['call', 'use a macro with an argument'] as const,
  ['break', 'use a filter on the list: {% for x in list if ... %}'] as const,
  ['continue', 'use a filter on the list: {% for x in list if ... %}'] as const,
  ['autoescape', 'nothing is escaped: use a filter where it is needed'] as const,
]);
const DEEPEST = 50;

/** The parts of a template's text. Throws a SyntaxProblem. */
export function parseTemplate(text: string, options: TemplateOptions = {}): readonly Part[] {
  return new TemplateParser(text, options).parse();
}

/** An expression without braces around it. Throws a SyntaxProblem. */
export function parseBareExpression(text: string): Expr {
  const parser = new ExpressionParser(tokensAt(text, 0, null));
  const value = parser.expression();
  parser.ends();
  return value;
}

interface Body {
  readonly parts: readonly Part[];
  readonly closer: Statement | null;
}

/** Reads statements, each of which may hold others. */
class TemplateParser {
  readonly #scanner: TemplateScanner;
  #depth = 0;

  constructor(text: string, options: TemplateOptions) {
    this.#scanner = new TemplateScanner(text, options);
  }

  parse(): readonly Part[] {
    const { parts, closer } = this.#body([]);
    if (closer !== null) {
      throw new SyntaxProblem(closer, `{% ${closer.word} %} ends nothing`);
    }
    return parts;
  }

  /** Parts up to one of the words; null as closer at the end of the text. */
  #body(closers: readonly string[]): Body {
    const parts: Part[] = [];
    for (;;) {
      const piece = this.#scanner.next();
      switch (piece.kind) {
        case 'text':
          if (piece.text !== '') parts.push({ kind: 'text', text: piece.text });
          break;
        case 'output':
          parts.push(outputOf(piece));
          break;
        case 'statement':
          if (closers.includes(piece.word)) return { parts, closer: piece };
          parts.push(this.#statement(piece));
          break;
        case 'end':
          return { parts, closer: null };
      }
    }
  }

  #statement(statement: Statement): Part {
    const { word, start, end } = statement;
    if (++this.#depth > DEEPEST) {
      throw new SyntaxProblem({ start, end }, `more than ${DEEPEST} statements are nested here`);
    }
    const part = this.#readStatement(statement);
    this.#depth--;
    if (part !== null) return part;
    const refusal = REFUSED.get(word);
    if (refusal !== undefined) {
      throw new SyntaxProblem({ start, end }, `{% ${word} %} is not supported`, refusal);
    }
    if (/^(?:end|el)/.test(word)) {
      throw new SyntaxProblem({ start, end }, `{% ${word} %} ends nothing that is open here`);
    }
    const hint = didYouMean(word, STATEMENTS) ?? `known are ${STATEMENTS.join(', ')}`;
    throw new SyntaxProblem({ start, end }, `unknown statement ${quoted(word)}`, hint);
  }

  #readStatement(statement: Statement): Part | null {
    switch (statement.word) {
      case 'if':
        return this.#if(statement);
      case 'for':
        return this.#for(statement);
      case 'set':
        return this.#set(statement);
      case 'with':
        return this.#with(statement);
      case 'macro':
        return this.#macro(statement);
      case 'filter': {
        const filter = filterOf(statement.parser, null);
        statement.parser.ends();
        return { kind: 'filter-block', filter, body: this.#until(statement), ...spanOf(statement) };
      }
      default:
        return null;
    }
  }

  #if(statement: Statement): Part {
    const branches: { test: Expr; body: readonly Part[] }[] = [];
    let otherwise: readonly Part[] | null = null;
    let current: Statement = statement;
    while (current.word !== 'endif') {
      const { parser } = current;
      const test = current.word === 'else' ? null : parser.expression();
      parser.ends();
      const following = test === null ? ['endif'] : ['elif', 'else', 'endif'];
      const { parts, closer } = this.#body(following);
      if (closer === null) throw unclosed(statement);
      if (test === null) otherwise = parts;
      else branches.push({ test, body: parts });
      current = closer;
    }
    current.parser.ends();
    return { kind: 'if', branches, otherwise, ...spanOf(statement) };
  }

  #for(statement: Statement): Part {
    const { parser } = statement;
    const targets = names(parser).map(({ name }) => name);
    parser.expects('in');
    const list = parser.or();
    const test = parser.takes('if') ? parser.expression() : null;
    if (parser.sees('recursive')) {
      throw new SyntaxProblem(parser.token, 'loops cannot be recursive', 'use a macro');
    }
    parser.ends();
    const { parts: body, closer } = this.#body(['else', 'endfor']);
    if (closer === null) throw unclosed(statement);
    closer.parser.ends();
    const otherwise = closer.word === 'else' ? this.#until(statement) : null;
    return { kind: 'for', targets, list, test, body, otherwise, ...spanOf(statement) };
  }

  #set(statement: Statement): Part {
    const { parser } = statement;
    const targets: Target[] = [];
    do {
      const { name } = parser.name();
      targets.push({ name, attribute: parser.takes('.') ? parser.name().name : null });
    } while (parser.takes(','));
    const span = spanOf(statement);
    if (parser.takes('=')) {
      const value = parser.tuple();
      parser.ends();
      return { kind: 'set', targets, value, ...span };
    }
    const [target, ...more] = targets;
    if (target === undefined || more.length > 0 || target.attribute !== null) parser.expects('=');
    const filter = parser.sees('|') ? filterOf(parser, '|') : null;
    parser.ends();
    return {
      kind: 'set-block',
      name: target?.name ?? '',
      filter,
      body: this.#until(statement),
      ...span,
    };
  }

  #with(statement: Statement): Part {
    const { parser } = statement;
    const values: { name: string; value: Expr }[] = [];
    while (parser.token.kind !== 'end') {
      if (values.length > 0) parser.expects(',');
      const { name } = parser.name();
      parser.expects('=');
      values.push({ name, value: parser.expression() });
    }
    return { kind: 'with', values, body: this.#until(statement), ...spanOf(statement) };
  }

  #macro(statement: Statement): Part {
    const { parser } = statement;
    const { name } = parser.name();
    const parameters: { name: string; fallback: Expr | null }[] = [];
    parser.expects('(');
    while (!parser.takes(')')) {
      if (parameters.length > 0) parser.expects(',');
      const parameter = parser.name();
      const fallback = parser.takes('=') ? parser.expression() : null;
      parameters.push({ name: parameter.name, fallback });
    }
    parser.ends();
    return { kind: 'macro', name, parameters, body: this.#until(statement), ...spanOf(statement) };
  }

  /** The body up to the statement's own end. */
  #until(statement: Statement): readonly Part[] {
    const { parts, closer } = this.#body([`end${statement.word}`]);
    if (closer === null) throw unclosed(statement);
    return parts;
  }
}

function outputOf({ parser, start, end }: Output): Part {
  if (parser.token.kind === 'end') {
    throw new SyntaxProblem({ start, end }, 'there is nothing in these braces');
  }
  const value = parser.tuple();
  parser.ends();
  return { kind: 'output', value, start, end };
}

function names(parser: ExpressionParser): Name[] {
  const isWrapped = parser.takes('(');
  const found = [parser.name()];
  while (parser.takes(',')) found.push(parser.name());
  if (isWrapped) parser.expects(')');
  return found;
}

/** The filters of a block; what they filter is put in their place when the block is written. */
function filterOf(parser: ExpressionParser, before: '|' | null): Filter {
  const { start, end } = parser.token;
  if (before !== null) parser.expects(before);
  let filter = parser.filter({ kind: 'literal', value: '', start, end });
  while (parser.takes('|')) filter = parser.filter(filter);
  return filter;
}

function unclosed(statement: Statement): SyntaxProblem {
  return new SyntaxProblem(
    spanOf(statement),
    `{% ${statement.word} %} has no {% end${statement.word} %}`,
  );
}
