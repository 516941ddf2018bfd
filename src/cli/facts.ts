import * as v from 'valibot';
import { defineCommand, oneOf, text } from './command.ts';
import { connectingEntries, connectingOptions } from './connecting-options.ts';
import { topics } from './facts-topics.ts';
import { inventoryPositional, limitOption } from './host-options.ts';
import { secretEntries, secretOptions } from './secret-options.ts';

const schema = v.object({
  inventory: v.string(),
  limit: v.optional(v.string()),
  topic: v.optional(
    v.pipe(
      v.string(),
      v.transform((words) => words.split(',').map((word) => word.trim())),
      v.array(oneOf(topics)),
    ),
  ),
  ...secretEntries,
  ...connectingEntries,
  output: v.optional(oneOf(['table', 'json']), 'table'),
});

/** What `xpush facts` is given. */
export type FactsOptions = v.InferOutput<typeof schema>;

export const facts = defineCommand({
  usage: 'facts <inventory>',
  summary: 'Show what the hosts are: system, network, firewalls, Xen; nothing is changed',
  positionals: {
    inventory: inventoryPositional,
  },
  options: {
    limit: limitOption,
    topic: {
      ...text,
      describe: `Only these facts, by commas: ${topics.join(', ')}; xen lists running domains`,
    },
    ...secretOptions,
    ...connectingOptions,
    output: { ...text, alias: 'o', describe: 'table or json [default: table]' },
  },
  examples: [
    ['xpush facts fleet.yaml', 'who is who'],
    ['xpush facts fleet.yaml -l dom0 --topic xen', 'what runs, with which vifs'],
    ['xpush facts fleet.yaml -o json', 'all of it, for scripts'],
  ],
  schema,

  run: async (options) => {
    const { runFacts } = await import('./run-facts.ts');
    return runFacts(options);
  },
});
