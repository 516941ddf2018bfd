import { runtime } from './runtime.ts';

/**
 * A program for `sh -s`: the runtime, if the shell has not seen it, and then these lines. All of it
 * is one compound command, which no shell begins before its last `}` has arrived: a stream that is
 * cut anywhere runs nothing (safety.md, fact 7).
 */
export function compound(
  runtimeFile: 'look.sh' | 'act.sh' | null,
  lines: readonly string[],
): string {
  const definitions = runtimeFile === null ? '' : runtime(runtimeFile);
  return `{\n${definitions}${lines.join('\n')}\n}\n`;
}
