import * as v from 'valibot';
import { count, defineCommand, flag, oneOf, text } from './command.ts';

const schema = v.object({
  show: v.optional(oneOf(['show'])),
  run: v.optional(v.pipe(v.string(), v.nonEmpty('last, or the id of a run')), 'last'),
  newest: v.optional(count, '20'),
  diff: v.optional(v.boolean(), false),
  output: v.optional(oneOf(['auto', 'plain', 'json', 'ndjson', 'junit']), 'auto'),
  report: v.optional(v.pipe(v.string(), v.nonEmpty('a file is needed'))),
  verbose: v.optional(v.number(), 0),
});

/** What `xpush runs` is given. */
export type RunsOptions = v.InferOutput<typeof schema>;

export const runs = defineCommand({
  usage: 'runs [show] [run]',
  summary: 'List the runs of this user, or show one again',
  positionals: {
    show: { describe: '"show": show a run again; without it, runs are listed', type: 'string' },
    run: { describe: 'last (the default), an id, or a part of one', type: 'string' },
  },
  options: {
    newest: { ...text, alias: 'n', describe: 'List so many runs [default: 20]' },
    diff: { ...flag, alias: 'D', describe: 'Show the differences of files and live state' },
    output: {
      ...text,
      alias: 'o',
      describe: 'auto, plain, json, ndjson or junit; a list: auto, plain or json [default: auto]',
    },
    report: { ...text, describe: 'Write the run as a page of HTML to this file' },
    verbose: { type: 'count', alias: 'v', describe: 'Say more: a line for each task; -vv: all' },
  },
  examples: [
    ['xpush runs', 'what was run, newest first'],
    ['xpush runs show last -D', 'the last run again, with its differences'],
    ['xpush runs show 3f9a2c --report run.html', 'a run as a page'],
  ],
  schema,

  run: async (options) => {
    const { runRuns } = await import('./run-runs.ts');
    return runRuns(options);
  },
});
