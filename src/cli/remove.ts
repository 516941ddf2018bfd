import * as v from 'valibot';
import { defineCommand } from './command.ts';
import { runEntries, runOptions } from './run-options.ts';

const schema = v.object({ host: v.array(v.string()), ...runEntries });

/** What `xpush remove` is given. */
export type RemoveOptions = v.InferOutput<typeof schema>;

export const remove = defineCommand({
  usage: 'remove <host..>',
  summary: 'Take every trace of xpush off hosts; they stay on the network',
  positionals: {
    host: { describe: 'Hosts, each as ssh would take it', type: 'string', array: true },
  },
  options: runOptions,
  examples: [
    ['xpush remove xen1 -C -D', 'what would go'],
    ['xpush remove xen1 webserv', 'make it go'],
  ],
  schema,

  run: async (options) => {
    const { runRemove } = await import('./run-remove.ts');
    return runRemove(options);
  },
});
