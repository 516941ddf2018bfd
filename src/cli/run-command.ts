import * as v from 'valibot';
import { count, defineCommand, flag, oneOf, text } from './command.ts';
import { connectingEntries, connectingOptions } from './connecting-options.ts';
import { inventoryPositional } from './host-options.ts';
import { secretEntries, secretOptions } from './secret-options.ts';

const schema = v.object({
  inventory: v.string(),
  pattern: v.string(),
  '--': v.optional(v.array(v.string()), []),
  shell: v.optional(v.boolean(), false),
  timeout: v.optional(count),
  ...secretEntries,
  ...connectingEntries,
  output: v.optional(oneOf(['text', 'json']), 'text'),
});

/** What `xpush run` is given. */
export type RunCommandOptions = v.InferOutput<typeof schema>;

/** Words of the host pattern that `run` and `exec` take. */
export const patternPositional = {
  describe: 'Hosts: names, groups, globs; a,b:&c:!d',
  type: 'string',
} as const;

export const runCommand = defineCommand({
  usage: 'run <inventory> <pattern>',
  summary: 'Run a command, which stands behind --, on hosts, and show what it printed',
  positionals: { inventory: inventoryPositional, pattern: patternPositional },
  options: {
    shell: { ...flag, describe: 'The words are a line for sh; so is one word alone' },
    timeout: { ...text, describe: 'Seconds until it is stopped; default: it takes its time' },
    ...secretOptions,
    ...connectingOptions,
    output: { ...text, alias: 'o', describe: 'text or json [default: text]' },
  },
  examples: [
    ['xpush run fleet.yaml all -- uname -r', 'who runs which kernel'],
    ["xpush run fleet.yaml web -- 'df -h / | tail -1'", 'a line for sh'],
  ],
  takesRest: true,
  schema,

  run: async (options) => {
    const { runOnHosts } = await import('./run-on-hosts.ts');
    return runOnHosts(options);
  },
});
