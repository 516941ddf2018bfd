import * as v from 'valibot';
import { defineCommand, flag, text } from './command.ts';
import { limitOption, playbookPositional } from './host-options.ts';
import { runEntries, runOptions } from './run-options.ts';
import { secretEntries, secretOptions } from './secret-options.ts';
import { listEntries, listOptions, steeringEntries, steeringOptions } from './steering-options.ts';

const schema = v.object({
  inventory: v.optional(v.string()),
  playbook: v.optional(v.array(v.string()), []),
  limit: v.optional(v.string()),
  retry: v.optional(v.pipe(v.string(), v.nonEmpty('last, or the id of a run'))),
  plan: v.optional(v.pipe(v.string(), v.nonEmpty('a file'))),
  explain: v.optional(v.boolean(), false),
  verify: v.optional(v.boolean(), false),
  ...steeringEntries,
  ...listEntries,
  ...secretEntries,
  ...runEntries,
});

/** What `xpush apply` is given. */
export type ApplyOptions = v.InferOutput<typeof schema>;

export const apply = defineCommand({
  usage: 'apply [inventory] [playbook..]',
  summary: 'Make the hosts as the inventory and the playbooks describe them',
  positionals: {
    inventory: {
      describe: 'File, directory, executable, or - for standard input; needed without --plan',
      type: 'string',
    },
    playbook: playbookPositional,
  },
  options: {
    limit: limitOption,
    retry: { ...text, describe: 'Only the hosts that this run left behind: last, or its id' },
    plan: { ...text, describe: 'Do exactly what this file of xpush plan says' },
    explain: {
      ...flag,
      describe: 'Look, and show in which segments each host would be changed, and why each ends',
    },
    verify: { ...flag, describe: 'Then prove the way to the guests, as xpush verify does' },
    ...steeringOptions,
    ...listOptions,
    ...secretOptions,
    ...runOptions,
  },
  examples: [
    ['xpush apply fleet.yaml -C -D', 'what would change, exactly'],
    ['xpush apply fleet.yaml', 'make it so'],
    ['xpush apply fleet.yaml -l xen1', 'on one host'],
    ['xpush apply fleet.yaml web.yaml', 'by another playbook'],
    ['xpush apply --plan fleet.plan', 'exactly what was reviewed'],
    ['xpush apply fleet.yaml --retry last', 'go on where the last run stopped'],
  ],
  schema,

  run: async (options) => {
    const { runApply } = await import('./run-apply.ts');
    return runApply(options);
  },
});
