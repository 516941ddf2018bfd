import { ExpressionParser } from './parse-expression.ts';
import { type Span, SyntaxProblem } from './syntax.ts';
import { tokensAt } from './tokens.ts';

/** How blanks around statements are treated, as in Jinja. */
export interface TemplateOptions {
  /** Whether the line feed after a statement goes (default: true, as Ansible has it). */
  readonly trimBlocks?: boolean;
  /** Whether the blanks before a statement on its line go (default: false). */
  readonly lstripBlocks?: boolean;
}

/** `{{ }}`. */
export interface Output extends Span {
  readonly kind: 'output';
  readonly parser: ExpressionParser;
}

/** `{% %}`, of which the first word was read. */
export interface Statement extends Span {
  readonly kind: 'statement';
  readonly word: string;
  readonly parser: ExpressionParser;
}

type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | Output
  | Statement
  | { readonly kind: 'end' };

const MARK = /\{[{%#]/g;

/** Cuts the text of a template at its marks; comments are left out, and `raw` is text. */
export class TemplateScanner {
  readonly #text: string;
  readonly #trimBlocks: boolean;
  readonly #lstripBlocks: boolean;
  #at = 0;
  #trimsNext: 'none' | 'line' | 'all' = 'none';
  /** Where the mark is that is next; null: the text before it is. */
  #mark: number | null = null;

  constructor(text: string, { trimBlocks = true, lstripBlocks = false }: TemplateOptions) {
    this.#text = text;
    this.#trimBlocks = trimBlocks;
    this.#lstripBlocks = lstripBlocks;
  }

  /** What is next; a text may be empty. Throws a SyntaxProblem. */
  next(): Piece {
    for (;;) {
      if (this.#mark === null) return { kind: 'text', text: this.#upToMark() };
      const piece = this.#marked(this.#mark);
      if (piece?.kind === 'end') return piece;
      this.#mark = null;
      if (piece !== null) return piece;
    }
  }

  #upToMark(): string {
    MARK.lastIndex = this.#at;
    const start = MARK.exec(this.#text)?.index ?? this.#text.length;
    const mark = this.#text.slice(start, start + 2);
    const sign = this.#text.charAt(start + 2);
    const text = this.#between(start, mark, sign);
    this.#at = start + 2 + (sign === '-' || (sign === '+' && mark === '{%') ? 1 : 0);
    this.#mark = start;
    return text;
  }

  /** null: a comment. */
  #marked(start: number): Piece | null {
    switch (this.#text.slice(start, start + 2)) {
      case '':
        return { kind: 'end' };
      case '{#':
        this.#comment(start);
        return null;
      case '{{':
        return { kind: 'output', start, ...this.#tokens(/-?\}\}/y) };
      default: {
        const { parser, end } = this.#tokens(/[-+]?%\}/y);
        const word = parser.word();
        if (word !== 'raw') return { kind: 'statement', word, parser, start, end };
        parser.ends();
        return { kind: 'text', text: this.#raw(start, end) };
      }
    }
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

  #raw(start: number, end: number): string {
    const closing = /\{%([-+]?)\s*endraw\s*([-+]?)%\}/g;
    closing.lastIndex = end;
    const found = closing.exec(this.#text);
    if (found === null) throw new SyntaxProblem({ start, end }, '{% raw %} has no {% endraw %}');
    const text = this.#between(found.index, '{%', found[1] ?? '');
    this.#at = found.index + found[0].length;
    this.#afterTag(found[2] ?? '', true);
    return text;
  }
}
