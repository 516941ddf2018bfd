import { ValueProblem } from '../value.ts';

/** One word for a POSIX shell, as Python's shlex.quote writes it. */
export function quotedForShell(text: string): string {
  if (text.includes('\0')) throw new ValueProblem('a word of a shell holds no NUL');
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}
