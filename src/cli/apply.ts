import * as v from 'valibot';
import { carryOut, runEntries, runOptions } from './carry-out.ts';
import { defineCommand, flag, text } from './command.ts';
import { readWork } from './load.ts';
import { resumeCommand } from './resume-command.ts';
import { readRetry } from './retry.ts';
import { secretEntries, secretOptions, secretStore } from './secrets.ts';

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
    retry: { ...text, describe: 'Only the hosts that this run left behind: last, or its id' },
    verify: { ...flag, describe: 'Then prove the way to the guests, as xpush verify does' },
    ...secretOptions,
    ...runOptions,
  },
  examples: [
    ['xpush apply fleet.yaml -C -D', 'what would change, exactly'],
    ['xpush apply fleet.yaml', 'make it so'],
    ['xpush apply fleet.yaml -l xen1', 'on one host'],
    ['xpush apply fleet.yaml web.yaml', 'by another playbook'],
    ['xpush apply fleet.yaml --retry last', 'go on where the last run stopped'],
  ],
  schema: v.object({
    inventory: v.string(),
    playbook: v.optional(v.array(v.string()), []),
    limit: v.optional(v.string()),
    retry: v.optional(v.pipe(v.string(), v.nonEmpty('last, or the id of a run'))),
    verify: v.optional(v.boolean(), false),
    ...secretEntries,
    ...runEntries,
  }),

  run: async ({ inventory, playbook, limit = null, retry, ...options }) => {
    const left = retry === undefined ? null : await readRetry(retry, inventory);
    const chosen = { limit, only: left?.hosts ?? null };
    const work = await readWork(inventory, playbook, chosen, secretStore(options));
    const notes = left === null ? work.notes : [left.note, ...work.notes];
    const resume = options.check ? {} : { resume: resumeCommand(process.argv.slice(2)) };
    return carryOut(options, { ...work, notes }, { isVerifying: options.verify, ...resume });
  },
});
