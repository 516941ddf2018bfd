import * as v from 'valibot';
import type { Options, PositionalOptions } from 'yargs';
import { UsageError } from './usage-error.ts';

interface Definition<Schema extends v.GenericSchema> {
  /** `apply <inventory> [playbook..]`, as yargs writes it. */
  readonly usage: string;
  readonly summary: string;
  readonly positionals: Readonly<Record<string, PositionalOptions>>;
  readonly options: Readonly<Record<string, Options>>;
  readonly examples: readonly (readonly [string, string])[];
  /** What yargs gives is checked and typed again: it takes words for numbers, and lists for texts. */
  readonly schema: Schema;
  /** Whether the words behind `--` are its own, under the name `--`. Default: they are arguments. */
  readonly takesRest?: boolean;
  /** Does it and gives the exit code. */
  readonly run: (options: v.InferOutput<Schema>) => Promise<number>;
}

/** A command of xpush with its types folded away. */
export interface Command extends Omit<Definition<v.GenericSchema>, 'schema' | 'run'> {
  /** The words that an option or an argument may be; none: any. */
  readonly choicesOf: (name: string) => readonly string[];
  readonly run: (given: unknown) => Promise<number>;
}

export function defineCommand<const Schema extends v.GenericSchema>(
  definition: Definition<Schema>,
): Command {
  const { schema, run, ...shown } = definition;
  return {
    ...shown,
    choicesOf: (name) => choicesIn(schema, name),
    run: async (given) => {
      const checked = v.safeParse(schema, given);
      if (!checked.success) throw wrongOption(checked.issues[0]);
      return run(checked.output);
    },
  };
}

function choicesIn(schema: v.GenericSchema, name: string): readonly string[] {
  const entries = 'entries' in schema ? Object.entries(schema.entries ?? {}) : [];
  let entry: unknown = entries.find(([key]) => key === name)?.[1];
  // an optional one is wrapped, and one with checks is the first of them
  while (typeof entry === 'object' && entry !== null) {
    if ('type' in entry && entry.type === 'picklist' && 'options' in entry) {
      return Array.isArray(entry.options) ? entry.options.map(String) : [];
    }
    entry = 'wrapped' in entry ? entry.wrapped : null;
  }
  return [];
}

function wrongOption(issue: v.BaseIssue<unknown>): UsageError {
  const name = issue.path?.[0]?.key;
  if (name === undefined) return new UsageError(issue.message);
  if (Array.isArray(issue.input)) return new UsageError(`--${name} is given more than once`);
  return new UsageError(`--${name}: ${issue.message}`);
}

/** How options are told to yargs. */
export const flag = { type: 'boolean' } as const;
export const text = { type: 'string', requiresArg: true } as const;

/** A whole number of at least one, as text. */
export const count = v.pipe(
  v.string(),
  v.regex(/^[1-9]\d{0,5}$/, (issue) => `${JSON.stringify(issue.input)} is no whole number from 1`),
  v.transform(Number),
);

/** One of a few words. */
export function oneOf<const Words extends readonly string[]>(words: Words) {
  return v.picklist(
    words,
    (issue) => `${JSON.stringify(issue.input)} is none of ${words.join(', ')}`,
  );
}
