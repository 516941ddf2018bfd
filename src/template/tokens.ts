import { quoted } from '../source/quoted.ts';
import { type Span, SyntaxProblem } from './syntax.ts';

/** A token of an expression; `value` is what a literal means. */
export interface Token extends Span {
  readonly kind: 'name' | 'number' | 'string' | 'operator' | 'end';
  readonly text: string;
  readonly value: string | number;
}

const BLANKS = /[ \t\r\n]+/y;
const NAME = /[\p{L}_][\p{L}\p{N}_]*/uy;
const NUMBER =
  /0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+|\d(?:_?\d)*(?:\.\d(?:_?\d)*)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'/y;
const OPERATOR = /\/\/|\*\*|==|!=|<=|>=|[-+*/%~<>=()[\]{}.,:|]/y;
const CLOSING = new Map([
  [')', '('],
  [']', '['],
  ['}', '{'],
]);
const DEEPEST = 64;
const MOST_TOKENS = 20_000;

/**
 * The tokens of the expression that begins at an offset, up to and without `closing` (the end of the
 * text when null); the last one is the end.
 */
export function tokensAt(text: string, from: number, closing: RegExp | null): readonly Token[] {
  const tokens: Token[] = [];
  const open: Token[] = [];
  let at = from;
  for (;;) {
    at += match(BLANKS, text, at)?.length ?? 0;
    const closer = closing !== null && open.length === 0 ? match(closing, text, at) : null;
    if (closer !== null || at >= text.length) {
      const last = open.at(-1);
      if (last !== undefined) throw new SyntaxProblem(last, `${quoted(last.text)} is never closed`);
      if (closer === null && closing !== null) {
        const start = Math.max(0, from - 2);
        throw new SyntaxProblem(
          { start, end: from },
          `${quoted(text.slice(start, from))} is never closed`,
        );
      }
      tokens.push({ kind: 'end', text: closer ?? '', value: '', start: at, end: at });
      return tokens;
    }
    const token = tokenAt(text, at);
    if ('([{'.includes(token.text) && token.kind === 'operator') open.push(token);
    closeBracket(token, open);
    if (open.length > DEEPEST)
      throw new SyntaxProblem(token, `more than ${DEEPEST} levels are nested here`);
    if (tokens.push(token) > MOST_TOKENS)
      throw new SyntaxProblem(token, 'the expression is too long');
    at = token.end;
  }
}

function closeBracket(token: Token, open: Token[]): void {
  const opener = token.kind === 'operator' ? CLOSING.get(token.text) : undefined;
  if (opener === undefined) return;
  const last = open.pop();
  if (last === undefined) throw new SyntaxProblem(token, `${quoted(token.text)} closes nothing`);
  if (last.text !== opener) throw new SyntaxProblem(last, `${quoted(last.text)} is never closed`);
}

function tokenAt(text: string, at: number): Token {
  const name = match(NAME, text, at);
  if (name !== null) return token('name', name, name, at);
  const number = match(NUMBER, text, at);
  if (number !== null) {
    const value = Number(number.replaceAll('_', ''));
    const isExact =
      /[.eE]/.test(number) && !/^0x/i.test(number)
        ? Number.isFinite(value)
        : Number.isSafeInteger(value);
    const span = { start: at, end: at + number.length };
    if (!isExact) throw new SyntaxProblem(span, `the number ${number} cannot be held exactly`);
    return token('number', number, value, at);
  }
  const string = match(STRING, text, at);
  if (string !== null) return token('string', string, unescaped(string.slice(1, -1)), at);
  const operator = match(OPERATOR, text, at);
  if (operator !== null) return token('operator', operator, operator, at);
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  const span = { start: at, end: at + character.length };
  if (character === '"' || character === "'")
    throw new SyntaxProblem(span, 'this quote is never closed');
  const hint =
    character === '!' ? 'write "not", or "!="' : character === '&' ? 'write "and"' : null;
  throw new SyntaxProblem(span, `${quoted(character)} has no meaning in an expression`, hint);
}

function token(kind: Token['kind'], text: string, value: string | number, start: number): Token {
  return { kind, text, value, start, end: start + text.length };
}

function match(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

const ESCAPED = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(\n)|([\s\S]))/g;
const LETTERS: ReadonlyMap<string, string> = new Map(
  Object.entries({ n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v', '0': '\0' }),
);

/** Python's escapes; a backslash before anything else stays. */
function unescaped(text: string): string {
  return text.replace(ESCAPED, (all, x, u, wide, feed, letter) => {
    const digits: string | undefined = x ?? u ?? wide;
    if (digits !== undefined) {
      const code = Number.parseInt(digits, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : all;
    }
    if (feed !== undefined) return '';
    return LETTERS.get(letter) ?? (`\\"'`.includes(letter) ? letter : all);
  });
}
