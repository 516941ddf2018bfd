import { didYouMean } from '../source/did-you-mean.ts';
import { quoted } from '../source/quoted.ts';
import { misfit } from './function.ts';
import { refusedNames } from './library.ts';
import { type Arguments, type Name, SyntaxProblem } from './syntax.ts';

/** What is called so is none of these. */
export function unknownName(
  kind: string,
  { name, start, end }: Name,
  known: readonly string[],
): SyntaxProblem {
  const refusal = refusedNames.get(name);
  const message = `there is no ${kind} ${quoted(name)}`;
  return new SyntaxProblem({ start, end }, message, refusal ?? didYouMean(name, known));
}

/** Throws a SyntaxProblem for arguments that a filter, a test or a method does not take. */
export function checkArguments(
  applied: Parameters<typeof misfit>[0],
  name: Name,
  args: Arguments,
): void {
  const wrong = misfit(
    applied,
    args.positional.length,
    args.named.map((one) => one.name),
  );
  if (wrong !== null) throw new SyntaxProblem(name, `${name.name}: ${wrong.message}`, wrong.hint);
}
