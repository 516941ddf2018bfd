import type { Refusal, Token } from './xl-lexer.ts';
import { refuseAt, tokenise } from './xl-lexer.ts';

/** `name = value` or `name += value`. */
export interface Assignment {
  readonly name: string;
  readonly operator: '=' | '+=';
  readonly value: Value;
  readonly line: number;
}

export type Value = Atom | List;

export interface Atom {
  readonly kind: 'string' | 'number';
  /** As written, quotes included. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly line: number;
}

export interface List {
  readonly kind: 'list';
  readonly items: readonly Value[];
  /** Of the opening bracket. */
  readonly start: number;
  /** After the closing bracket. */
  readonly end: number;
  readonly line: number;
}

/** Deeper lists are taken for an attack. */
const depthLimit = 20;

/**
 * The assignments of a domain configuration file, bytes as latin1, in their order, by the grammar of
 * Xen 4.17 (libxlu_cfg_y.y). What is more than that - Python, as xm read it - is refused with its
 * line.
 */
export function parseConfig(text: string): readonly Assignment[] | Refusal {
  const tokens = tokenise(text);
  if (isRefusal(tokens)) return tokens;
  const cursor = new Cursor(tokens);
  const assignments: Assignment[] = [];
  for (;;) {
    while (cursor.take('newline', ';') !== null);
    if (cursor.take('end') !== null) return assignments;
    const assignment = readAssignment(cursor);
    if (assignment === null || !cursor.isAt('newline', ';', 'end')) {
      return refuseAt(text, cursor.token);
    }
    assignments.push(assignment);
  }
}

export function isRefusal(result: object): result is Refusal {
  return 'kind' in result && result.kind === 'refused';
}

/** Where the reader stands; it never goes past the last token, `end`. */
class Cursor {
  readonly #tokens: readonly Token[];
  #place = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get token(): Token {
    const token = this.#tokens[this.#place];
    if (token === undefined) throw new RangeError('read past the end of the tokens');
    return token;
  }

  isAt(...kinds: readonly Token['kind'][]): boolean {
    return kinds.includes(this.token.kind);
  }

  /** The token, if it is one of these kinds, and goes on; else null. */
  take(...kinds: readonly Token['kind'][]): Token | null {
    const { token } = this;
    if (!kinds.includes(token.kind)) return null;
    if (token.kind !== 'end') this.#place += 1;
    return token;
  }
}

function readAssignment(cursor: Cursor): Assignment | null {
  const name = cursor.take('name');
  const operator = name && cursor.take('=', '+=');
  const value = operator && readValue(cursor, 0);
  return (
    value && {
      name: name.text,
      operator: operator.kind === '=' ? '=' : '+=',
      value,
      line: name.line,
    }
  );
}

function readValue(cursor: Cursor, depth: number): Value | null {
  const atom = cursor.take('string', 'number');
  if (atom !== null) return { ...atom, kind: atom.kind === 'string' ? 'string' : 'number' };
  const open = depth < depthLimit ? cursor.take('[') : null;
  if (open === null) return null;

  const items: Value[] = [];
  const skipLines = (): void => {
    while (cursor.take('newline') !== null);
  };
  for (;;) {
    skipLines();
    const close = cursor.take(']');
    if (close !== null) return { ...open, kind: 'list', items, end: close.end };
    const item = readValue(cursor, depth + 1);
    if (item === null) return null;
    items.push(item);
    skipLines();
    if (cursor.take(',') === null && !cursor.isAt(']')) return null;
  }
}
