import * as v from 'valibot';
import { defineCommand, flag } from './command.ts';
import { connectingEntries, connectingOptions } from './connecting.ts';
import { decideWindows } from './decide-windows.ts';
import { inventoryPositional, limitOption } from './host-options.ts';
import { selectedHosts } from './load.ts';
import { secretEntries, secretOptions } from './secrets.ts';
import { withSurveyor } from './survey-hosts.ts';
import { UsageError } from './usage-error.ts';

export const confirm = defineCommand({
  usage: 'confirm <inventory>',
  summary: 'Keep changes that wait to be confirmed, by hand',
  positionals: {
    inventory: inventoryPositional,
  },
  options: {
    limit: limitOption,
    'as-it-is': {
      ...flag,
      describe: 'Keep as it is now a host that could not undo its changes; needs --limit',
    },
    ...secretOptions,
    ...connectingOptions,
  },
  examples: [['xpush confirm fleet.yaml -l xen07', 'keep what xen07 would undo by itself']],
  schema: v.object({
    inventory: v.string(),
    limit: v.optional(v.string()),
    'as-it-is': v.optional(v.boolean(), false),
    ...secretEntries,
    ...connectingEntries,
  }),

  run: async (options) => {
    const keepsAsItIs = options['as-it-is'];
    if (keepsAsItIs && options.limit === undefined) {
      throw new UsageError('--as-it-is needs --limit', 'name the hosts that you have put in order');
    }
    const decision = keepsAsItIs ? 'forget' : 'confirm';
    const { inventory, hosts, sources } = await selectedHosts(options);
    const { forks } = options;
    return await withSurveyor(options, inventory, hosts, (surveyor) =>
      decideWindows(surveyor, hosts, inventory, { decision, forks, sources }),
    );
  },
});
