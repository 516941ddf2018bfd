import * as v from 'valibot';
import { defineCommand, flag, oneOf, text } from './command.ts';
import { connectingEntries, connectingOptions } from './connecting-options.ts';
import { inventoryPositional, limitOption } from './host-options.ts';
import { secretEntries, secretOptions } from './secret-options.ts';

const schema = v.object({
  action: oneOf(['scan', 'pin']),
  inventory: v.string(),
  limit: v.optional(v.string()),
  file: v.optional(v.pipe(v.string(), v.nonEmpty('a file is needed'))),
  fingerprints: v.optional(v.pipe(v.string(), v.nonEmpty('a file is needed'))),
  replace: v.optional(v.pipe(v.string(), v.nonEmpty('a host is needed'))),
  yes: v.optional(v.boolean(), false),
  ...secretEntries,
  ...connectingEntries,
  output: v.optional(oneOf(['text', 'json', 'known_hosts', 'inventory']), 'text'),
});

/** What `xpush hostkeys` is given. */
export type HostkeysOptions = v.InferOutput<typeof schema>;

export const hostkeys = defineCommand({
  usage: 'hostkeys <action> <inventory>',
  summary: "Collect the hosts' keys, guests' by way of their dom0s too, and record them",
  positionals: {
    action: {
      describe: '"scan": show them, without logging in; "pin": write them to known_hosts',
      type: 'string',
    },
    inventory: inventoryPositional,
  },
  options: {
    limit: limitOption,
    file: { ...text, describe: 'pin: write to this file [default: where ssh would]' },
    fingerprints: {
      ...text,
      describe: 'pin: only keys that this file has, in lines of a host and SHA256:...',
    },
    replace: {
      ...text,
      describe: 'pin: hosts whose known keys go, if they show others: names, groups, globs',
    },
    yes: { ...flag, alias: 'y', describe: 'pin: do not ask' },
    ...secretOptions,
    ...connectingOptions,
    output: {
      ...text,
      alias: 'o',
      describe: 'text or json; scan: known_hosts or inventory lines too [default: text]',
    },
  },
  examples: [
    ['xpush hostkeys scan fleet.yaml', 'what hosts show, and how far it can be trusted'],
    ['xpush hostkeys pin fleet.yaml', 'record what is new, after a question'],
    ['xpush hostkeys pin fleet.yaml --fingerprints f.txt --yes', 'only what was told beforehand'],
  ],
  schema,

  run: async (options) => {
    const { runHostkeys } = await import('./run-hostkeys.ts');
    return runHostkeys(options);
  },
});
