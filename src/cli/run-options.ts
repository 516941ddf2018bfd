import * as v from 'valibot';
import { flag, oneOf, text } from './command.ts';
import { connectingEntries, connectingOptions } from './connecting-options.ts';
import { rolloutEntries, rolloutOptions } from './rollout-options.ts';

/** Options of every command that plans and changes hosts. */
export const runOptions = {
  check: { ...flag, alias: 'C', describe: 'Show what would change; nothing that writes is sent' },
  diff: { ...flag, alias: 'D', describe: 'Show the differences of files and live state' },
  ...rolloutOptions,
  ...connectingOptions,
  output: { ...text, alias: 'o', describe: 'auto, plain, json, ndjson or junit [default: auto]' },
  report: { ...text, describe: 'Write a page of HTML about the run to this file' },
  'exit-code': { ...flag, describe: 'With --check: exit 10 when changes are pending' },
  verbose: { type: 'count', alias: 'v', describe: 'Say more: a line for each task; -vv: all' },
} as const;

/** The same, as a command's schema has them. */
export const runEntries = {
  check: v.optional(v.boolean(), false),
  diff: v.optional(v.boolean(), false),
  ...rolloutEntries,
  ...connectingEntries,
  output: v.optional(oneOf(['auto', 'plain', 'json', 'ndjson', 'junit']), 'auto'),
  report: v.optional(v.pipe(v.string(), v.nonEmpty('a file is needed'))),
  'exit-code': v.optional(v.boolean(), false),
  verbose: v.optional(v.number(), 0),
} as const;

const runSchema = v.object(runEntries);

/** Options of a command line that plans and changes hosts. */
export type RunOptions = v.InferOutput<typeof runSchema>;
