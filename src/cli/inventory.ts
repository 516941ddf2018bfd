import * as v from 'valibot';
import { readInventory } from './load.ts';
import { defineCommand } from './command.ts';

export const inventory = defineCommand({
  usage: 'inventory <inventory>',
  summary: 'Show what was understood of an inventory, derived values included',
  positionals: {
    inventory: { describe: 'File, directory, executable, or - for standard input', type: 'string' },
  },
  options: {},
  examples: [],
  schema: v.object({ inventory: v.string() }),
  run: async (options) => {
    await readInventory(options.inventory);
    return 0;
  },
});
