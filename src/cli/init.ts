import * as v from 'valibot';
import { defineCommand } from './command.ts';

const schema = v.object({ directory: v.optional(v.string(), '.') });

/** What `xpush init` is given. */
export type InitOptions = v.InferOutput<typeof schema>;

export const init = defineCommand({
  usage: 'init [directory]',
  summary: 'Begin a project: an inventory, a playbook and a role that work in the lab',
  positionals: {
    directory: { describe: 'Where; it is made if it is not there [default: .]', type: 'string' },
  },
  options: {},
  examples: [['xpush init fleet', 'inventory.yaml, site.yaml, roles/ and a README.md in fleet/']],
  schema,

  run: async (options) => {
    const { runInit } = await import('./run-init.ts');
    return runInit(options);
  },
});
