import { type RuntimeFile, runtime } from './runtime.ts';

/** A program for `sh -s`, and what the shell knows once it has run. */
export interface Program {
  readonly text: string;
  /** The runtime files that a shell has seen: those it had, and those that this program brings. */
  readonly known: ReadonlySet<RuntimeFile>;
}

/** What a shell knows that has not run a program yet. */
export const nothingKnown: ReadonlySet<RuntimeFile> = new Set();

/**
 * A program for `sh -s`: the runtime files that it needs, in this order, without those that the
 * shell has seen, and then these lines. All of it is one compound command, which no shell begins
 * before its last `}` has arrived: a stream that is cut anywhere runs nothing (safety.md, fact 7).
 */
export function compound(
  needed: readonly RuntimeFile[],
  known: ReadonlySet<RuntimeFile>,
  lines: readonly string[],
): Program {
  const missing = [...new Set(needed)].filter((file) => !known.has(file));
  return {
    text: `{\n${missing.map(runtime).join('')}${lines.join('\n')}\n}\n`,
    known: new Set([...known, ...missing]),
  };
}
