/** A stretch of a template's text, in UTF-16 units; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where it is written, and nothing else of it. */
export function spanOf({ start, end }: Span): Span {
  return { start, end };
}

/** An expression of Jinja's. */
export type Expr =
  | Literal
  | Name
  | Member
  | Slice
  | Call
  | Filter
  | Test
  | Unary
  | Binary
  | Compare
  | Choice
  | List
  | Dict;

export interface Literal extends Span {
  readonly kind: 'literal';
  readonly value: string | number | boolean | null;
}

export interface Name extends Span {
  readonly kind: 'name';
  readonly name: string;
}

/** `a.b`, `a[b]`. */
export interface Member extends Span {
  readonly kind: 'member';
  readonly object: Expr;
  readonly key: Expr;
}

export interface Slice extends Span {
  readonly kind: 'slice';
  readonly object: Expr;
  /** From, to and step; null where nothing is written. */
  readonly bounds: readonly (Expr | null)[];
}

export interface Call extends Span {
  readonly kind: 'call';
  readonly callee: Expr;
  readonly args: Arguments;
}

export interface Filter extends Span {
  readonly kind: 'filter';
  readonly subject: Expr;
  readonly name: Name;
  readonly args: Arguments;
}

/** `a is b`. */
export interface Test extends Span {
  readonly kind: 'test';
  readonly subject: Expr;
  readonly name: Name;
  readonly args: Arguments;
  readonly isNegated: boolean;
}

export interface Unary extends Span {
  readonly kind: 'unary';
  readonly operator: 'not' | '-' | '+';
  readonly operand: Expr;
}

export type Arithmetic = '+' | '-' | '*' | '/' | '//' | '%' | '**' | '~';

export interface Binary extends Span {
  readonly kind: 'binary';
  readonly operator: Arithmetic | 'and' | 'or';
  readonly left: Expr;
  readonly right: Expr;
}

/** `a < b <= c`. */
export interface Compare extends Span {
  readonly kind: 'compare';
  readonly first: Expr;
  readonly rest: readonly { readonly operator: string; readonly operand: Expr }[];
}

/** `a if b else c`. */
export interface Choice extends Span {
  readonly kind: 'choice';
  readonly test: Expr;
  readonly then: Expr;
  readonly otherwise: Expr | null;
}

export interface List extends Span {
  readonly kind: 'list';
  readonly items: readonly Expr[];
}

export interface Dict extends Span {
  readonly kind: 'dict';
  readonly pairs: readonly { readonly key: Expr; readonly value: Expr }[];
}

export interface Arguments {
  readonly positional: readonly Expr[];
  readonly named: readonly { readonly name: string; readonly value: Expr }[];
}

/** A part of a template. */
export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | ({ readonly kind: 'output'; readonly value: Expr } & Span)
  | If
  | For
  | ({
      readonly kind: 'set';
      readonly targets: readonly Target[];
      readonly value: Expr;
    } & Span)
  | ({
      readonly kind: 'set-block';
      readonly name: string;
      readonly filter: Filter | null;
      readonly body: readonly Part[];
    } & Span)
  | ({
      readonly kind: 'with';
      readonly values: readonly { readonly name: string; readonly value: Expr }[];
      readonly body: readonly Part[];
    } & Span)
  | ({
      readonly kind: 'filter-block';
      readonly filter: Filter;
      readonly body: readonly Part[];
    } & Span)
  | ({
      readonly kind: 'macro';
      readonly name: string;
      readonly parameters: readonly { readonly name: string; readonly fallback: Expr | null }[];
      readonly body: readonly Part[];
    } & Span);

export interface If extends Span {
  readonly kind: 'if';
  readonly branches: readonly { readonly test: Expr; readonly body: readonly Part[] }[];
  readonly otherwise: readonly Part[] | null;
}

export interface For extends Span {
  readonly kind: 'for';
  readonly targets: readonly string[];
  readonly list: Expr;
  readonly test: Expr | null;
  readonly body: readonly Part[];
  readonly otherwise: readonly Part[] | null;
}

/** What `set` gives a value: a name, or an attribute of a namespace. */
export interface Target {
  readonly name: string;
  readonly attribute: string | null;
}

/** What is wrong with a template's text; caught where the text is read. */
export class SyntaxProblem extends Error {
  override readonly name = 'SyntaxProblem';
  readonly span: Span;
  readonly hint: string | null;

  constructor(span: Span, message: string, hint: string | null = null) {
    super(message);
    this.span = span;
    this.hint = hint;
  }
}
