import * as v from 'valibot';
import { defineCommand } from './command.ts';
import { connectingEntries, connectingOptions } from './connecting.ts';
import { decideWindows } from './decide-windows.ts';
import { inventoryPositional, limitOption } from './host-options.ts';
import { selectedHosts } from './load.ts';
import { secretEntries, secretOptions } from './secrets.ts';
import { withSurveyor } from './survey-hosts.ts';

export const confirm = defineCommand({
  usage: 'confirm <inventory>',
  summary: 'Keep changes that wait to be confirmed, by hand',
  positionals: {
    inventory: inventoryPositional,
  },
  options: {
    limit: limitOption,
    ...secretOptions,
    ...connectingOptions,
  },
  examples: [['xpush confirm fleet.yaml -l xen07', 'keep what xen07 would undo by itself']],
  schema: v.object({
    inventory: v.string(),
    limit: v.optional(v.string()),
    ...secretEntries,
    ...connectingEntries,
  }),

  run: async (options) => {
    const { inventory, hosts, sources } = await selectedHosts(options);
    const { forks } = options;
    return await withSurveyor(options, inventory, hosts, (surveyor) =>
      decideWindows(surveyor, hosts, inventory, { decision: 'confirm', forks, sources }),
    );
  },
});
