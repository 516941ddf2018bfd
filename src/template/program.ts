import type { FilterFunction, TestFunction } from './function.ts';
import type { Arithmetic, Span } from './syntax.ts';

/** A step of a path; its key is null when it is only known at run time, and then a value of the call. */
export interface Segment extends Span {
  readonly key: string | number | null;
}

/** A value of the scope, or (without a root) of the template, and the way into it. */
export interface PathUse extends Span {
  readonly root: string | null;
  readonly segments: readonly Segment[];
}

/** What the engine asks of us, by the operation's number. */
export type Operation =
  | { readonly kind: 'path'; readonly path: PathUse }
  | { readonly kind: 'defined'; readonly path: PathUse }
  | ({ readonly kind: 'contains' | 'iterate'; readonly path: PathUse | null } & Span)
  | ({ readonly kind: 'compare'; readonly operator: string } & Span)
  | { readonly kind: 'dict' }
  | ({ readonly kind: 'calculate'; readonly operator: Arithmetic } & Span)
  | ({ readonly kind: 'print' | 'result' | 'no-else' } & Span)
  | { readonly kind: 'text'; readonly text: string }
  | (Applied & { readonly kind: 'filter'; readonly applied: FilterFunction })
  | (Applied & { readonly kind: 'test'; readonly applied: TestFunction });

interface Applied extends Span {
  readonly name: string;
  /** The subject, when it need not pass through the engine. */
  readonly path: PathUse | null;
  readonly positional: number;
  readonly named: readonly string[];
}

/** A variable that a text reads. */
export interface NameUse extends Span {
  /** Its name, and the attributes and keys after it that are written out. */
  readonly keys: readonly [string, ...(string | number)[]];
  /** Whether it may be missing: it is tested for, or has a default. */
  readonly mayBeMissing: boolean;
}

/** A template or an expression, ready for the engine. */
export interface Program {
  readonly source: string;
  readonly operations: readonly Operation[];
  readonly names: readonly NameUse[];
  /** For each line of `source` from 1 where an expression begins: where it was written. */
  readonly lines: ReadonlyMap<number, Span>;
}
