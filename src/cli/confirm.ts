import * as v from 'valibot';
import { defineCommand, flag } from './command.ts';
import { connectingEntries, connectingOptions } from './connecting-options.ts';
import { inventoryPositional, limitOption } from './host-options.ts';
import { secretEntries, secretOptions } from './secret-options.ts';

const schema = v.object({
  inventory: v.string(),
  limit: v.optional(v.string()),
  'as-it-is': v.optional(v.boolean(), false),
  ...secretEntries,
  ...connectingEntries,
});

/** What `xpush confirm` is given. */
export type ConfirmOptions = v.InferOutput<typeof schema>;

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
  schema,

  run: async (options) => {
    const { runConfirm } = await import('./run-confirm.ts');
    return runConfirm(options);
  },
});
