import { type CST, Lexer, Parser } from 'yaml';
import type { Diagnostic } from './diagnostic.ts';
import { diagnosticAt, type SourceText } from './source-text.ts';

const DEEPEST = 64;
// The lexer's own mark: the next lexeme is the text of a scalar, whatever it looks like.
const SCALAR_MARK = '\u001f';

/** The tokens of a text, or what forbids to read them: composing deep ones would kill the process. */
export type Tokens =
  | { readonly ok: true; readonly tokens: readonly CST.Token[] }
  | { readonly ok: false; readonly diagnostic: Diagnostic };

/**
 * Splits a text into YAML's concrete syntax. The composer recurses, and a stack overflow inside
 * one of its regular expressions aborts Node without an exception, so that depth is checked here:
 * while reading for brackets and for indicators of one line, afterwards for the rest.
 */
export function readTokens(source: SourceText): Tokens {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let brackets = 0;
  let indicators = 0;
  let offset = 0;
  let isScalar = false;
  for (const lexeme of new Lexer().lex(source.text)) {
    if (!isScalar) {
      if (lexeme === '{' || lexeme === '[') brackets++;
      else if (lexeme === '}' || lexeme === ']') brackets--;
      else if (lexeme === '\n') indicators = 0;
      else if (brackets === 0 && (lexeme === '-' || lexeme === '?' || lexeme === ':')) indicators++;
      if (brackets > DEEPEST || indicators > DEEPEST) {
        return { ok: false, diagnostic: tooDeep(source, offset) };
      }
    }
    isScalar = lexeme === SCALAR_MARK;
    for (const token of parser.next(lexeme)) tokens.push(token);
    offset = parser.offset;
  }
  for (const token of parser.end()) tokens.push(token);
  const deep = firstTooDeep(tokens);
  return deep === null
    ? { ok: true, tokens }
    : { ok: false, diagnostic: tooDeep(source, deep.offset) };
}

function firstTooDeep(tokens: readonly CST.Token[]): CST.Token | null {
  const open = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (depth > DEEPEST) return token;
    for (const inner of innerTokens(token)) open.push({ token: inner, depth: depth + 1 });
  }
  return null;
}

function innerTokens(token: CST.Token): readonly CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value];
  if (!('items' in token)) return [];
  return token.items.flatMap(({ key, value }) =>
    [key, value].filter((inner) => inner !== null && inner !== undefined),
  );
}

function tooDeep(source: SourceText, offset: number): Diagnostic {
  const message = `more than ${DEEPEST} levels are nested here`;
  return diagnosticAt({ source, start: offset, end: offset + 1 }, message);
}
