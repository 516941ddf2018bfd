import * as v from 'valibot';
import { carryOut, runEntries, runOptions } from './carry-out.ts';
import { defineCommand, flag, text } from './command.ts';
import { limitOption, playbookPositional } from './host-options.ts';
import { readWork } from './load.ts';
import { plannedWork, readSavedPlan } from './planned-work.ts';
import { resumeCommand } from './resume-command.ts';
import { readRetry } from './retry.ts';
import { secretEntries, secretOptions, secretStore } from './secrets.ts';
import { UsageError } from './usage-error.ts';

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
    verify: { ...flag, describe: 'Then prove the way to the guests, as xpush verify does' },
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
  schema: v.object({
    inventory: v.optional(v.string()),
    playbook: v.optional(v.array(v.string()), []),
    limit: v.optional(v.string()),
    retry: v.optional(v.pipe(v.string(), v.nonEmpty('last, or the id of a run'))),
    plan: v.optional(v.pipe(v.string(), v.nonEmpty('a file'))),
    verify: v.optional(v.boolean(), false),
    ...secretEntries,
    ...runEntries,
  }),

  run: async ({ inventory, playbook, limit = null, retry, plan, ...options }) => {
    const store = secretStore(options);
    if (plan !== undefined && playbook.length > 0) {
      throw new UsageError('--plan says what is done: no playbook with it');
    }
    const saved = plan === undefined ? null : await readSavedPlan({ file: plan, inventory }, store);
    const argument = saved?.argument ?? inventory;
    if (argument === undefined) {
      throw new UsageError('<inventory> is missing', 'see xpush apply --help');
    }
    const left = retry === undefined ? null : await readRetry(retry, argument);
    const chosen = { limit, only: left?.hosts ?? null };
    const work =
      saved === null
        ? await readWork(argument, playbook, chosen, store)
        : plannedWork(saved, chosen);
    const notes = left === null ? work.notes : [left.note, ...work.notes];
    const resume = options.check ? {} : { resume: resumeCommand(process.argv.slice(2)) };
    const known = left?.left.filter(({ name }) => work.inventory.hosts.has(name));
    const extras = { isVerifying: options.verify, ...resume, left: known };
    return carryOut(options, { ...work, notes }, extras);
  },
});
