import { escapeControls } from '../source/escape-controls.ts';
import { compressNames } from './host-names.ts';
import type { Outcome } from './hosts-document.ts';

/** Says on standard error which hosts could not be asked or did not answer, alike ones together. */
export function sayProblems(
  reports: readonly { readonly host: { readonly name: string }; readonly outcome: Outcome }[],
): void {
  const problems = new Map<string, string[]>();
  for (const { host, outcome } of reports) {
    const { status, message, hint } = outcome;
    if (status !== 'skipped' && message === undefined) continue;
    const text = `${status}${message === undefined ? '' : `: ${message}`}`;
    const problem = escapeControls(hint ? `${text}\n  hint: ${hint}` : text);
    problems.set(problem, [...(problems.get(problem) ?? []), host.name]);
  }
  for (const [problem, names] of problems) {
    process.stderr.write(`${compressNames(names).join(', ')}: ${problem}\n`);
  }
}
