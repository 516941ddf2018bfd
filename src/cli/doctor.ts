import * as v from 'valibot';
import { defineCommand, oneOf, text } from './command.ts';
import { connectingEntries, connectingOptions } from './connecting-options.ts';
import { inventoryPositional, limitOption } from './host-options.ts';
import { secretEntries, secretOptions } from './secret-options.ts';

const schema = v.object({
  inventory: v.string(),
  host: v.optional(v.array(v.string()), []),
  limit: v.optional(v.string()),
  ...secretEntries,
  ...connectingEntries,
  output: v.optional(oneOf(['text', 'json']), 'text'),
  verbose: v.optional(v.number(), 0),
});

/** What `xpush doctor` is given. */
export type DoctorOptions = v.InferOutput<typeof schema>;

export const doctor = defineCommand({
  usage: 'doctor <inventory> [host..]',
  summary: 'Examine the connections to hosts, and what would keep a push from working',
  positionals: {
    inventory: inventoryPositional,
    host: {
      describe: 'Only these: names, groups, globs; a single host is told of in full',
      type: 'string',
      array: true,
    },
  },
  options: {
    limit: limitOption,
    ...secretOptions,
    ...connectingOptions,
    output: { ...text, alias: 'o', describe: 'text or json [default: text]' },
    verbose: { type: 'count', alias: 'v', describe: 'Tell of each host in full' },
  },
  examples: [
    ['xpush doctor fleet.yaml', 'what is to be mended, and how'],
    ['xpush doctor fleet.yaml xen07', 'all about the way to one host'],
    ['xpush doctor fleet.yaml -o json', 'all of it, for scripts'],
  ],
  schema,

  run: async (options) => {
    const { runDoctor } = await import('./run-doctor.ts');
    return runDoctor(options);
  },
});
