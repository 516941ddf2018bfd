import { didYouMean } from '../source/did-you-mean.ts';
import { quoted } from '../source/quoted.ts';
import { ExpressionParser } from './parse-expression.ts';
import type { Expr, Filter, Name, Part, Span, Target } from './syntax.ts';
import { SyntaxProblem } from './syntax.ts';
import { tokensAt } from './tokens.ts';

/** How blanks around statements are treated, as in Jinja. */
export interface TemplateOptions {
  /** Whether the line feed after a statement goes (default: true, as Ansible has it). */
  readonly trimBlocks?: boolean;
  /** Whether the blanks before a statement on its line go (default: false). */
  readonly lstripBlocks?: boolean;
}

const MARK = /\{[{%#]/g;
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

/** A statement that the enclosing one waits for. */
interface Closer extends Span {
  readonly word: string;
  readonly parser: ExpressionParser;
}

interface Body {
  readonly parts: readonly Part[];
  readonly closer: Closer | null;
}

/** Long for a file, as each statement holds others. */
class TemplateParser {
  readonly #text: string;
  readonly #trimBlocks: boolean;
  readonly #lstripBlocks: boolean;
  #at = 0;
  #depth = 0;
  #trimsNext: 'none' | 'line' | 'all' = 'none';

  constructor(text: string, { trimBlocks = true, lstripBlocks = false }: TemplateOptions) {
    this.#text = text;
    this.#trimBlocks = trimBlocks;
    this.#lstripBlocks = lstripBlocks;
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
      MARK.lastIndex = this.#at;
      const start = MARK.exec(this.#text)?.index ?? this.#text.length;
      const mark = this.#text.slice(start, start + 2);
      const sign = this.#text.charAt(start + 2);
      this.#addText(parts, this.#between(start, mark, sign));
      if (mark === '') return { parts, closer: null };
      this.#at = start + 2 + (sign === '-' || (sign === '+' && mark === '{%') ? 1 : 0);
      if (mark === '{#') this.#comment(start);
      else if (mark === '{{') parts.push(this.#output(start));
      else {
        const { parser, end } = this.#tokens(/[-+]?%\}/y);
        const word = parser.word();
        const statement = { word, parser, start, end };
        if (closers.includes(word)) return { parts, closer: statement };
        if (word === 'raw') this.#addText(parts, this.#raw(statement));
        else parts.push(this.#statement(statement));
      }
    }
  }

  #addText(parts: Part[], text: string): void {
    if (text !== '') parts.push({ kind: 'text', text });
  }

  /** The text up to a mark, without the blanks that the marks at its ends take. */
  #between(end: number, mark: string, sign: string): string {
    let text = this.#text.slice(this.#at, end);
    if (this.#trimsNext === 'all') text = text.trimStart();
    else if (this.#trimsNext === 'line') text = text.replace(/^\n/, '');
    this.#trimsNext = 'none';
    if (sign === '-' && mark !== '') return text.trimEnd();
    const strips = this.#lstripBlocks && (mark === '{%' || mark === '{#') && sign !== '+';
    if (!strips) return text;
    const isOnLine = this.#at === 0 || text.includes('\n');
    return isOnLine ? text.replace(/(^|\n)[ \t]+$/, '$1') : text;
  }

  #tokens(closing: RegExp): { parser: ExpressionParser; end: number } {
    const tokens = tokensAt(this.#text, this.#at, closing);
    const last = tokens.at(-1);
    const closer = last?.text ?? '';
    this.#at = (last?.end ?? this.#at) + closer.length;
    this.#afterTag(closer, closer.endsWith('%}'));
    return { parser: new ExpressionParser(tokens), end: this.#at };
  }

  #afterTag(closer: string, isBlock: boolean): void {
    if (closer.startsWith('-')) this.#trimsNext = 'all';
    else this.#trimsNext = isBlock && this.#trimBlocks && !closer.startsWith('+') ? 'line' : 'none';
  }

  #comment(start: number): void {
    const end = this.#text.indexOf('#}', this.#at);
    if (end === -1) throw new SyntaxProblem({ start, end: start + 2 }, '"{#" is never closed');
    this.#at = end + 2;
    this.#afterTag(this.#text.slice(end - 1, end + 2), true);
  }

  #output(start: number): Part {
    const { parser, end } = this.#tokens(/-?\}\}/y);
    if (parser.token.kind === 'end') {
      throw new SyntaxProblem({ start, end }, 'there is nothing in these braces');
    }
    const value = parser.tuple();
    parser.ends();
    return { kind: 'output', value, start, end };
  }

  #raw({ parser, start, end }: Closer): string {
    parser.ends();
    const closing = /\{%([-+]?)\s*endraw\s*([-+]?)%\}/g;
    closing.lastIndex = end;
    const found = closing.exec(this.#text);
    if (found === null) throw new SyntaxProblem({ start, end }, '{% raw %} has no {% endraw %}');
    const text = this.#between(found.index, '{%', found[1] ?? '');
    this.#at = found.index + found[0].length;
    this.#afterTag(found[2] ?? '', true);
    return text;
  }

  #statement(statement: Closer): Part {
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

  #readStatement(statement: Closer): Part | null {
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

  #if(statement: Closer): Part {
    const branches: { test: Expr; body: readonly Part[] }[] = [];
    let otherwise: readonly Part[] | null = null;
    let current: Closer = statement;
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

  #for(statement: Closer): Part {
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

  #set(statement: Closer): Part {
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

  #with(statement: Closer): Part {
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

  #macro(statement: Closer): Part {
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
  #until(statement: Closer): readonly Part[] {
    const { parts, closer } = this.#body([`end${statement.word}`]);
    if (closer === null) throw unclosed(statement);
    return parts;
  }
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

function spanOf({ start, end }: Span): Span {
  return { start, end };
}

function unclosed(statement: Closer): SyntaxProblem {
  return new SyntaxProblem(
    spanOf(statement),
    `{% ${statement.word} %} has no {% end${statement.word} %}`,
  );
}
