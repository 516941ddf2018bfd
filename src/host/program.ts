import { type RuntimeFile, runtime } from './runtime.ts';

/** A program for `sh -s`, and what the shell knows once it has run. */
export interface Program {
  readonly text: string;
  /** The runtime files that a shell has seen: those it had, and those that this program brings. */
  readonly known: ReadonlySet<RuntimeFile>;
}

/** What a shell knows that has not run a program yet. */
export const nothingKnown: ReadonlySet<RuntimeFile> = new Set();

/** A start-up file of the login shell may read a line of its input: then the first one is gone. */
const headLine =
  '[ "$XP_HEAD" ] 2>/dev/null || { echo "its start-up files read the standard input"; exit 97; }\n';

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
  const head = known.size === 0 ? [' XP_HEAD=1', headLine] : ['', ''];
  const missing = [...new Set(needed)].filter((file) => !known.has(file));
  return {
    text: `{${head[0]}\n${head[1]}${missing.map(runtime).join('')}${lines.join('\n')}\n}\n`,
    known: new Set([...known, ...missing]),
  };
}
