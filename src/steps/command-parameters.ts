import * as v from 'valibot';
import { type Change, change } from '../host/change.ts';
import { type Answer, query } from '../host/query.ts';
import { noSecret } from '../source/schema-walk.ts';
import { Secret } from '../source/secret.ts';
import { described } from './described.ts';
import { hostPath } from './host-path.ts';
import type { Plan } from './step.ts';

export const publicWords = 'the words of a command are public on its host';

/** A pipe holds so much, whether the command reads it or not. */
const longestInputBytes = 65_536;

/** A line of shell. */
export const shellLine = v.pipe(v.string(), noSecret(publicWords), v.nonEmpty('a line is needed'));

/** What a command reads. */
export const standardInput = v.union([
  v.pipe(v.string(), v.maxBytes(longestInputBytes, 'standard input takes 64 KiB at most')),
  v.instance(Secret),
]);

/** Parameters of every step that runs a command: what it changes, and where it runs. */
export const commandEntries = {
  creates: v.optional(described(hostPath, 'Does nothing when this file or directory exists.')),
  removes: v.optional(described(hostPath, 'Does nothing unless this file or directory exists.')),
  unless: v.optional(
    described(
      shellLine,
      'A line for `/bin/sh` that changes nothing: when it succeeds, nothing is done.',
    ),
  ),
  onlyif: v.optional(
    described(
      shellLine,
      'A line for `/bin/sh` that changes nothing: when it fails, nothing is done.',
    ),
  ),
  changes: v.optional(
    described(
      v.picklist(['always', 'never']),
      'What it changes when it runs: `always` something; `never` anything, so that it runs while the host is looked at, in a check, too.',
    ),
  ),
  chdir: v.optional(described(hostPath, 'The directory to run in.')),
} as const;

const schema = v.object(commandEntries);

export type CommandParameters = v.InferOutput<typeof schema>;

/** Parameters one of which must be there, or `changed_when`: otherwise nobody knows what it changes. */
export const whatItChanges: readonly string[] = [
  'creates',
  'removes',
  'unless',
  'onlyif',
  'changes',
];

/** What is run. */
export interface Command {
  /** As executed; a shell line is `['/bin/sh', '-c', line]`. */
  readonly argv: readonly string[];
  readonly stdin: string | Secret | null;
  /** Files that it may change, which an undone window puts back. */
  readonly files: readonly string[];
}

/** What must be known before it is run; a command that only reads is run to know. */
export function commandQueries(
  { creates, removes, unless, onlyif, changes, chdir }: CommandParameters,
  { argv, stdin }: Command,
) {
  const directory = chdir ?? null;
  const asking = (line: string) => query.output(['/bin/sh', '-c', line], { directory });
  // nobody runs it before its secrets are fetched
  const input = stdin instanceof Secret ? (stdin.isSettled ? stdin.reveal() : null) : stdin;
  return {
    creates: creates === undefined ? [] : [query.file(creates)],
    removes: removes === undefined ? [] : [query.file(removes)],
    unless: unless === undefined ? [] : [asking(unless)],
    onlyif: onlyif === undefined ? [] : [asking(onlyif)],
    output: changes === 'never' ? [query.output(argv, { directory, stdin: input })] : [],
  };
}

type Questions = ReturnType<typeof commandQueries>;
type SeenOf = { readonly [Name in keyof Questions]: readonly Answer<Questions[Name][number]>[] };

/** Runs it, unless there is nothing to do. */
export function planCommand(
  parameters: CommandParameters,
  { argv, stdin, files }: Command,
  seen: SeenOf,
): Plan {
  const why = whyNot(parameters, seen);
  if (why !== null) return { changes: [], message: why };
  const [read] = seen.output;
  if (read === undefined) {
    const made: Change = change.command(argv, parameters.chdir ?? null, { stdin, files });
    return { changes: [made] };
  }
  const { status, stdout, stderr, isTimedOut } = read;
  const said = [stdout.trimEnd(), stderr].filter((text) => text !== '').join('\n');
  const data = { rc: status, stdout: stdout.trimEnd(), stderr };
  if (status === 0 && !isTimedOut) return { changes: [], message: said, data };
  const how = isTimedOut ? 'took too long: stopped' : `exit status ${status}`;
  const failure = [`${argv.join(' ')}: ${how}`, said].filter((text) => text !== '').join('\n');
  return { changes: [], data, failure };
}

function whyNot(
  { creates, removes, unless, onlyif }: CommandParameters,
  seen: SeenOf,
): string | null {
  if (seen.creates.some(({ type }) => type !== 'absent')) return `${creates} exists`;
  if (seen.removes.some(({ type }) => type === 'absent')) return `${removes} does not exist`;
  if (seen.unless.some(({ status }) => status === 0)) return `this is so: ${unless}`;
  if (seen.onlyif.some(({ status }) => status !== 0)) return `this is not so: ${onlyif}`;
  return null;
}
