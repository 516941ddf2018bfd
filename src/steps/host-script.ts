import type { CommandOutput } from '../host/answers.ts';
import { type OutputOptions, query } from '../host/query.ts';

/** Asks by a script of ours that changes nothing; its words are `$1`, `$2`, ... Tools speak English to it. */
export function askScript(
  script: string,
  words: readonly string[],
  options: Partial<Omit<OutputOptions, 'environment'>>,
) {
  return query.output(['/bin/sh', '-c', script, 'sh', ...words], {
    ...options,
    environment: { LC_ALL: 'C' },
    isBrief: true,
  });
}

/** The whole lines that it printed; null: not all of it is known. */
export function linesOf(output: CommandOutput): readonly string[] | null {
  const { status, stdout, isCut, isTimedOut } = output;
  if (status !== 0 || isCut || isTimedOut) return null;
  return stdout.split('\n').slice(0, -1);
}

/** Lines of `NAME=VALUE` by name; the first of several counts. */
export function valuesIn(lines: readonly string[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of lines) {
    const end = line.indexOf('=');
    const name = line.slice(0, end);
    if (end > 0 && !values.has(name)) values.set(name, line.slice(end + 1));
  }
  return values;
}

/** Why nothing can be told from it, in a sentence. */
export function whyUntold({ status, stderr, isTimedOut }: CommandOutput, what: string): string {
  if (isTimedOut) return `the host did not tell ${what} in time`;
  const said = stderr.split('\n').find((line) => line.trim() !== '');
  return `the host could not tell ${what}${said === undefined ? ` (status ${status})` : `: ${said}`}`;
}

/** An output as it is once the script prints this. */
export function printing(stdout: string): CommandOutput {
  return { status: 0, stdout, stderr: '', isCut: false, isTimedOut: false };
}
