import * as v from 'valibot';
import {
  commandEntries,
  commandQueries,
  planCommand,
  shellLine,
  whatItChanges,
} from './command-parameters.ts';
import { described } from './described.ts';
import { defineStep } from './step.ts';

const params = v.strictObject({
  cmd: described(shellLine, 'A line, or several, for `/bin/sh`.'),
  ...commandEntries,
});

type Params = v.InferOutput<typeof params>;

export const raw = defineStep({
  name: 'raw',
  summary: 'Runs a line of `/bin/sh`, as `shell` does: nothing here needs more on a host.',
  on: ['dom0', 'domU', 'host'],
  params,
  shorthand: 'cmd',
  mustSay: whatItChanges,
  readOnly: ({ changes }) => changes === 'never',
  queries: (_target, given) => commandQueries(given, commandOf(given)),
  plan: (_target, given, seen) => planCommand(given, commandOf(given), seen),
});

function commandOf({ cmd }: Params) {
  return { argv: ['/bin/sh', '-c', cmd], stdin: null, files: [] };
}
