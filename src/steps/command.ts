import * as v from 'valibot';
import { change } from '../host/change.ts';
import { query } from '../host/query.ts';
import { noSecret } from '../source/schema-walk.ts';
import { Secret } from '../source/secret.ts';
import { described } from './described.ts';
import { hostPath } from './host-path.ts';
import { defineStep } from './step.ts';

const publicArguments = 'the words of a command are public on its host';

/** A pipe holds so much, whether the command reads it or not. */
const longestInputBytes = 65_536;

const params = v.pipe(
  v.strictObject({
    argv: v.optional(
      described(
        v.pipe(
          v.array(v.string()),
          noSecret(publicArguments),
          v.check(([program]) => (program ?? '') !== '', 'at least the command itself is needed'),
        ),
        'The command and its arguments; no shell is involved.',
      ),
    ),
    shell: v.optional(
      described(
        v.pipe(v.string(), noSecret(publicArguments), v.nonEmpty('a line is needed')),
        'A line for `/bin/sh -c`, in place of `argv`.',
      ),
    ),
    creates: v.optional(described(hostPath, 'Does nothing when this file or directory exists.')),
    removes: v.optional(described(hostPath, 'Does nothing unless this file or directory exists.')),
    chdir: v.optional(described(hostPath, 'The directory to run in.')),
    files: v.optional(
      described(
        v.array(hostPath),
        'Files that it changes: put back when the confirm window of the task is undone.',
      ),
    ),
    stdin: v.optional(
      described(
        v.union([
          v.pipe(v.string(), v.maxBytes(longestInputBytes, 'standard input takes 64 KiB at most')),
          v.instance(Secret),
        ]),
        'What it reads on its standard input: text, or a secret, which nobody sees.',
      ),
    ),
  }),
  v.check(
    ({ argv, shell }) => (argv === undefined) !== (shell === undefined),
    'exactly one of "argv" and "shell" is needed',
  ),
);

export const command = defineStep({
  name: 'command',
  summary: 'Runs a command; what it does is unknown until it is applied.',
  on: ['dom0', 'domU', 'host'],
  params,

  queries: (_target, { creates, removes }) => ({
    creates: creates === undefined ? [] : [query.file(creates)],
    removes: removes === undefined ? [] : [query.file(removes)],
  }),

  plan: (_target, { argv, shell, creates, removes, chdir, files = [], stdin = null }, seen) => {
    if (seen.creates.some(({ type }) => type !== 'absent')) {
      return { changes: [], message: `${creates} exists` };
    }
    if (seen.removes.some(({ type }) => type === 'absent')) {
      return { changes: [], message: `${removes} does not exist` };
    }
    const words = argv ?? ['/bin/sh', '-c', shell ?? ''];
    return { changes: [change.command(words, chdir ?? null, { stdin, files })] };
  },
});
