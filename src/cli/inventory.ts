import * as v from 'valibot';
import { defineCommand, flag, text } from './command.ts';
import { secretEntries, secretOptions } from './secret-options.ts';

const schema = v.pipe(
  v.object({
    inventory: v.string(),
    list: v.optional(v.boolean(), false),
    graph: v.optional(v.boolean(), false),
    host: v.optional(v.string()),
    ...secretEntries,
  }),
  v.check(
    ({ list, graph, host }) => [list, graph, host !== undefined].filter(Boolean).length <= 1,
    'give one of --list, --graph and --host',
  ),
);

/** What `xpush inventory` is given. */
export type InventoryOptions = v.InferOutput<typeof schema>;

export const inventory = defineCommand({
  usage: 'inventory <inventory>',
  summary: 'Check an inventory and show what was understood, derived values included',
  positionals: {
    inventory: { describe: 'File, directory, executable, or - for standard input', type: 'string' },
  },
  options: {
    list: { ...flag, describe: 'Everything, as JSON' },
    graph: { ...flag, describe: 'dom0s with their guests, and groups, as a tree [default]' },
    host: { ...text, describe: 'One host, as JSON' },
    ...secretOptions,
  },
  examples: [['xpush inventory inventory.yaml --host web1', 'tables, rules and MACs of web1']],
  schema,

  run: async (options) => {
    const { runInventory } = await import('./run-inventory.ts');
    return runInventory(options);
  },
});
