import * as v from 'valibot';
import { defineCommand, oneOf, text } from './command.ts';
import { connectingEntries, connectingOptions } from './connecting-options.ts';
import { secretEntries, secretOptions } from './secret-options.ts';

const schema = v.object({
  inventory: v.string(),
  limit: v.optional(v.string()),
  ...secretEntries,
  ...connectingEntries,
  output: v.optional(oneOf(['text', 'json']), 'text'),
});

/** What `xpush verify` is given. */
export type VerifyOptions = v.InferOutput<typeof schema>;

export const verify = defineCommand({
  usage: 'verify <inventory>',
  summary: "Prove the way to the guests' addresses and back, and what is open; nothing is changed",
  positionals: {
    inventory: { describe: 'File, directory, executable, or - for standard input', type: 'string' },
  },
  options: {
    limit: {
      ...text,
      alias: 'l',
      describe: 'Only these guests, and all guests of these dom0s: names, groups, globs',
    },
    ...secretOptions,
    ...connectingOptions,
    output: { ...text, alias: 'o', describe: 'text or json [default: text]' },
  },
  examples: [
    ['xpush verify fleet.yaml', 'what works, and where it ends if not'],
    ['xpush verify fleet.yaml -l webserv', 'one guest'],
    ['xpush verify fleet.yaml -o json', 'all of it, for scripts'],
  ],
  schema,

  run: async (options) => {
    const { runVerify } = await import('./run-verify.ts');
    return runVerify(options);
  },
});
