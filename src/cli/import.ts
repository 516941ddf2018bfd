import * as v from 'valibot';
import { defineCommand, flag, text } from './command.ts';
import { connectingEntries, connectingOptions } from './connecting-options.ts';

const schema = v.object({
  host: v.array(v.string()),
  out: v.optional(v.pipe(v.string(), v.nonEmpty('a file is needed'))),
  force: v.optional(v.boolean(), false),
  ...connectingEntries,
});

/** What `xpush import` is given. */
export type ImportOptions = v.InferOutput<typeof schema>;

export const importHosts = defineCommand({
  usage: 'import <host..>',
  summary: 'Write an inventory that describes existing dom0s and their guests; nothing is changed',
  positionals: {
    host: { describe: 'dom0s, each as ssh would take it', type: 'string', array: true },
  },
  options: {
    out: { ...text, describe: 'Write to this file, not to standard output' },
    force: { ...flag, describe: 'Write over a file that is there' },
    ...connectingOptions,
  },
  examples: [
    ['xpush import xen1 xen2 --out fleet.yaml', 'begin with what is there'],
    ['xpush apply fleet.yaml -C -D', 'what xpush would change'],
  ],
  schema,

  run: async (options) => {
    const { runImport } = await import('./run-import.ts');
    return runImport(options);
  },
});
