import type { Position } from './position.ts';

/** Something wrong in a file of the user's: one sentence, where, and what would be right. */
export interface Diagnostic {
  /** null: the whole input (an unreadable file, standard input missing). */
  readonly position: Position | null;
  /** One sentence that names the value. */
  readonly message: string;
  /** What would be right, or what to do; null when the message says it. */
  readonly hint: string | null;
  /** The offending line of text, for the caret line. */
  readonly excerpt: Excerpt | null;
}

/** A line of the user's text with one part marked. */
export interface Excerpt {
  /** The line, or a piece of it when it is very long. */
  readonly text: string;
  /** Column in `text` of the first offending character, from 1. */
  readonly column: number;
  /** How many characters of it offend, at least 1. */
  readonly length: number;
}

/** The user's files cannot be used; holds every problem found, never just the first. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((diagnostic) => diagnostic.message).join('\n'));
    this.diagnostics = diagnostics;
  }
}
