import * as v from 'valibot';
import { defineCommand, oneOf, text } from './command.ts';
import { connectingEntries, connectingOptions } from './connecting-options.ts';
import { inventoryPositional, limitOption } from './host-options.ts';
import { secretEntries, secretOptions } from './secret-options.ts';

const schema = v.object({
  inventory: v.string(),
  limit: v.optional(v.string()),
  ...secretEntries,
  ...connectingEntries,
  output: v.optional(oneOf(['table', 'json']), 'table'),
  verbose: v.optional(v.number(), 0),
});

/** What `xpush status` is given. */
export type StatusOptions = v.InferOutput<typeof schema>;

export const status = defineCommand({
  usage: 'status <inventory>',
  summary: 'Show changes that wait to be confirmed, locks, and how the last changes ended',
  positionals: {
    inventory: inventoryPositional,
  },
  options: {
    limit: limitOption,
    ...secretOptions,
    ...connectingOptions,
    output: { ...text, alias: 'o', describe: 'table or json [default: table]' },
    verbose: { type: 'count', alias: 'v', describe: 'Say what was kept, too' },
  },
  examples: [
    ['xpush status fleet.yaml', 'what waits, who holds what'],
    ['xpush status fleet.yaml -l xen07 -o json', 'of one host, for scripts'],
  ],
  schema,

  run: async (options) => {
    const { runStatus } = await import('./run-status.ts');
    return runStatus(options);
  },
});
