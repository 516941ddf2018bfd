import * as v from 'valibot';
import { noSecret } from '../source/schema-walk.ts';
import {
  type Command,
  commandEntries,
  commandQueries,
  planCommand,
  publicWords,
  shellLine,
  standardInput,
  whatItChanges,
} from './command-parameters.ts';
import { described } from './described.ts';
import { hostPath } from './host-path.ts';
import { splitWords } from './split-words.ts';
import { defineStep } from './step.ts';

const params = v.pipe(
  v.strictObject({
    argv: v.optional(
      described(
        v.pipe(
          v.array(v.string()),
          noSecret(publicWords),
          v.check(([program]) => (program ?? '') !== '', 'at least the command itself is needed'),
        ),
        'The command and its arguments; no shell is involved.',
      ),
    ),
    cmd: v.optional(
      described(
        v.pipe(
          v.string(),
          noSecret(publicWords),
          v.check((line) => (splitWords(line) ?? []).length > 0, 'words, with quotes in pairs'),
        ),
        'The same as words in a line, with quotes around those with blanks, in place of `argv`.',
      ),
    ),
    shell: v.optional(described(shellLine, 'A line for `/bin/sh -c`, in place of `argv`.')),
    ...commandEntries,
    files: v.optional(
      described(
        v.array(hostPath),
        'Files that it changes: put back when the confirm window of the task is undone.',
      ),
    ),
    stdin: v.optional(
      described(
        standardInput,
        'What it reads on its standard input: text, or a secret, which nobody sees.',
      ),
    ),
  }),
  v.check(
    ({ argv, cmd, shell }) => [argv, cmd, shell].filter((one) => one !== undefined).length === 1,
    'exactly one of "argv", "cmd" and "shell" is needed',
  ),
);

export const command = defineStep({
  name: 'command',
  summary: 'Runs a command; what it does is unknown until it is applied.',
  on: ['dom0', 'domU', 'host'],
  params,
  shorthand: 'cmd',
  mustSay: whatItChanges,
  readOnly: ({ changes }) => changes === 'never',
  queries: (_target, given) => commandQueries(given, commandOf(given)),
  plan: (_target, given, seen) => planCommand(given, commandOf(given), seen),
});

function commandOf({ argv, cmd = '', shell, files, stdin }: v.InferOutput<typeof params>): Command {
  const line = shell === undefined ? (splitWords(cmd) ?? []) : ['/bin/sh', '-c', shell];
  return { argv: argv ?? line, stdin: stdin ?? null, files: files ?? [] };
}
