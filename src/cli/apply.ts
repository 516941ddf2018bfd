import * as v from 'valibot';
import { carryOut, runEntries, runOptions } from './carry-out.ts';
import { defineCommand, flag, text } from './command.ts';
import { readWork } from './load.ts';

export const apply = defineCommand({
  usage: 'apply <inventory> [playbook..]',
  summary: 'Make the hosts as the inventory and the playbooks describe them',
  positionals: {
    inventory: {
      describe: 'File, directory, executable, or - for standard input',
      type: 'string',
    },
    playbook: {
      describe: 'Playbook files; default: those of the inventory, else vif-route',
      type: 'string',
      array: true,
    },
  },
  options: {
    limit: { ...text, alias: 'l', describe: 'Only these hosts: names, groups, globs; a,b:&c:!d' },
    verify: { ...flag, describe: 'Then prove the way to the guests, as xpush verify does' },
    ...runOptions,
  },
  examples: [
    ['xpush apply fleet.yaml -C -D', 'what would change, exactly'],
    ['xpush apply fleet.yaml', 'make it so'],
    ['xpush apply fleet.yaml -l xen1', 'on one host'],
    ['xpush apply fleet.yaml web.yaml', 'by another playbook'],
  ],
  schema: v.object({
    inventory: v.string(),
    playbook: v.optional(v.array(v.string()), []),
    limit: v.optional(v.string()),
    verify: v.optional(v.boolean(), false),
    ...runEntries,
  }),

  run: async (options) => {
    const work = await readWork(options.inventory, options.playbook, options.limit ?? null);
    return carryOut(options, work, options.verify);
  },
});
