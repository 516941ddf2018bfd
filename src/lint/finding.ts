import type { Place } from '../source/source-text.ts';

/** An error will go wrong; a warning may surprise. */
export type Severity = 'error' | 'warning';

/** What is looked for, by the names that `# xpush: allow RULE` takes. */
export const rules = {
  'undefined-variable': 'A variable that some host does not have.',
  'unknown-fact': 'A fact that no host has.',
  'wrong-value': 'A parameter that comes, on some host, to a value that its step refuses.',
  'loop-over-text': 'A loop whose items are a text, not a list.',
  'clear-text-secret': 'A password, token or key that can be read in the file.',
  'constant-condition': 'A condition that no variable can change.',
  'unused-register': 'A result that is registered, and that nothing reads.',
  'unused-variable': 'A variable of a play, a task or a role that nothing reads.',
  'unused-default': "A role's default that nothing reads.",
  'unused-handler': 'A handler that no task notifies.',
  'empty-play': 'A play that no host of the inventory is in.',
  'nothing-chosen': '`--limit`, `--tags` and `--skip-tags` that leave nothing to do.',
} as const satisfies Readonly<Record<string, string>>;

export type Rule = keyof typeof rules;

/** Something that will go wrong, or may surprise. */
export interface Finding {
  readonly rule: Rule;
  readonly severity: Severity;
  /** null: the command line. */
  readonly place: Place | null;
  readonly message: string;
  readonly hint: string | null;
}
