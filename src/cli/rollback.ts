import * as v from 'valibot';
import { defineCommand, text } from './command.ts';
import { inventoryPositional, limitOption } from './host-options.ts';
import { runEntries, runOptions } from './run-options.ts';
import { secretEntries, secretOptions } from './secret-options.ts';

const schema = v.object({
  inventory: v.string(),
  limit: v.optional(v.string()),
  run: v.optional(v.pipe(v.string(), v.nonEmpty('the id of a run'))),
  ...secretEntries,
  ...runEntries,
});

/** What `xpush rollback` is given. */
export type RollbackOptions = v.InferOutput<typeof schema>;

export const rollback = defineCommand({
  usage: 'rollback <inventory>',
  summary: 'Undo what waits to be confirmed, else the last run',
  positionals: {
    inventory: inventoryPositional,
  },
  options: {
    limit: limitOption,
    run: { ...text, describe: 'Undo this run; default: the last one that hosts remember' },
    ...secretOptions,
    ...runOptions,
  },
  examples: [
    ['xpush rollback fleet.yaml -C -D', 'what undoing the last run would change'],
    ['xpush rollback fleet.yaml', 'undo it; again for the run before'],
    ['xpush rollback fleet.yaml -l xen07', 'on one host'],
  ],
  schema,

  run: async (options) => {
    const { runRollback } = await import('./run-rollback.ts');
    return runRollback(options);
  },
});
