import * as v from 'valibot';
import { steps } from '../steps/index.ts';
import { leaving } from '../steps/leaving.ts';
import { carryOut, runEntries, runOptions } from './carry-out.ts';
import { defineCommand } from './command.ts';
import { hostsOfArguments } from './host-arguments.ts';

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
  schema: v.object({ host: v.array(v.string()), ...runEntries }),

  run: async (options) => {
    const inventory = hostsOfArguments(options.host);
    const tasks = leaving(steps).map((step) => ({ name: step.name, step, params: {} }));
    const play = { name: 'Remove', tasks };
    return carryOut(
      options,
      {
        inventory,
        plays: [{ play, hosts: new Set(inventory.hosts.keys()) }],
        notes: [],
      },
      { takesLimit: false },
    );
  },
});
