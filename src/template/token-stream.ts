import { quoted } from '../source/quoted.ts';
import { type Name, SyntaxProblem } from './syntax.ts';
import type { Token } from './tokens.ts';

const KEYWORDS = new Set(['and', 'or', 'not', 'in', 'is', 'if', 'else']);

/** Whether it is a word that may name something. */
export function isName({ kind, text }: Token): boolean {
  return kind === 'name' && !KEYWORDS.has(text);
}

/** Tokens one after the other. What takes one throws a SyntaxProblem where it is another. */
export class TokenStream {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** The next one. */
  get token(): Token {
    const token = this.#tokens[this.#at] ?? this.#tokens.at(-1);
    if (token === undefined) throw new Error('there are no tokens');
    return token;
  }

  /** The one behind the next. */
  get following(): Token | undefined {
    return this.#tokens[this.#at + 1];
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
    if (!this.sees(text)) this.unexpected(`${quoted(text)} is expected`);
    return this.next();
  }

  /** Complains about whatever follows a whole expression. */
  ends(): void {
    if (this.token.kind === 'end') return;
    const isEqual = this.sees('=');
    this.unexpected('the expression should end', isEqual ? 'compare with "=="' : null);
  }

  name(): Name {
    const { token } = this;
    if (!isName(token)) this.unexpected('a name is expected');
    this.#at++;
    return { kind: 'name', name: token.text, start: token.start, end: token.end };
  }

  /** Any word, such as `if`. */
  word(): string {
    if (this.token.kind !== 'name') this.unexpected('a word is expected');
    return this.next().text;
  }

  /** Where the token before ends. */
  get lastEnd(): number {
    return this.#tokens[this.#at - 1]?.end ?? 0;
  }

  /** Complains about the next token. */
  unexpected(wanted: string, hint: string | null = null): never {
    const { token } = this;
    const what = token.kind === 'end' ? '' : `, not ${quoted(token.text)}`;
    const end = Math.max(token.end, token.start + 1);
    throw new SyntaxProblem({ start: token.start, end }, `${wanted} here${what}`, hint);
  }
}
