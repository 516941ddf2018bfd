import * as v from 'valibot';
import { defineCommand, flag, oneOf, text } from './command.ts';
import { secretEntries, secretOptions } from './secret-options.ts';
import { steeringEntries, steeringOptions } from './steering-options.ts';

const schema = v.pipe(
  v.object({
    inventory: v.string(),
    playbook: v.optional(v.array(v.string()), []),
    list: v.optional(v.boolean(), false),
    graph: v.optional(v.boolean(), false),
    host: v.optional(v.string()),
    explain: v.optional(v.string()),
    'extra-vars': steeringEntries['extra-vars'],
    output: v.optional(oneOf(['text', 'json']), 'text'),
    ...secretEntries,
  }),
  v.check(
    ({ list, graph, host }) => [list, graph, host !== undefined].filter(Boolean).length <= 1,
    'give one of --list, --graph and --host',
  ),
  v.check(
    ({ explain, host }) => explain === undefined || host !== undefined,
    '--explain says of one host where a variable has its value from: name it by --host',
  ),
  v.check(
    ({ explain, playbook }) => explain !== undefined || playbook.length === 0,
    'playbooks are only read for --explain',
  ),
);

/** What `xpush inventory` is given. */
export type InventoryOptions = v.InferOutput<typeof schema>;

export const inventory = defineCommand({
  usage: 'inventory <inventory> [playbook..]',
  summary: 'Check an inventory and show what was understood, derived values included',
  positionals: {
    inventory: { describe: 'File, directory, executable, or - for standard input', type: 'string' },
    playbook: { describe: 'Playbook files, for --explain', type: 'string', array: true },
  },
  options: {
    list: { ...flag, describe: 'Everything, as JSON' },
    graph: { ...flag, describe: 'dom0s with their guests, and groups, as a tree [default]' },
    host: { ...text, describe: 'One host, as JSON' },
    explain: { ...text, describe: 'With --host: where this variable has its value from' },
    'extra-vars': steeringOptions['extra-vars'],
    output: { ...text, alias: 'o', describe: 'Of --explain: text or json [default: text]' },
    ...secretOptions,
  },
  examples: [
    ['xpush inventory inventory.yaml --host web1', 'tables, rules and MACs of web1'],
    ['xpush inventory inventory.yaml --host web1 --explain port', 'where port comes from'],
  ],
  schema,

  run: async (options) => {
    const { runInventory } = await import('./run-inventory.ts');
    return runInventory(options);
  },
});
