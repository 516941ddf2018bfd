import * as v from 'valibot';
import {
  commandEntries,
  commandQueries,
  planCommand,
  shellLine,
  standardInput,
  whatItChanges,
} from './command-parameters.ts';
import { described } from './described.ts';
import { hostPath } from './host-path.ts';
import { defineStep } from './step.ts';

const params = v.strictObject({
  cmd: described(shellLine, 'A line, or several, for the shell.'),
  ...commandEntries,
  executable: v.optional(described(hostPath, 'The shell. Default: `/bin/sh`.'), '/bin/sh'),
  stdin: v.optional(described(standardInput, 'What it reads on its standard input.')),
});

type Params = v.InferOutput<typeof params>;

export const shell = defineStep({
  name: 'shell',
  summary: 'Runs a line of shell; what it does is unknown until it is applied.',
  on: ['dom0', 'domU', 'host'],
  params,
  shorthand: 'cmd',
  mustSay: whatItChanges,
  readOnly: ({ changes }) => changes === 'never',
  queries: (_target, given) => commandQueries(given, commandOf(given)),
  plan: (_target, given, seen) => planCommand(given, commandOf(given), seen),
});

function commandOf({ cmd, executable, stdin }: Params) {
  return { argv: [executable, '-c', cmd], stdin: stdin ?? null, files: [] };
}
