import * as v from 'valibot';
import { defineCommand, flag, text } from './command.ts';
import { inventoryPositional, limitOption, playbookPositional } from './host-options.ts';
import { runEntries, runOptions } from './run-options.ts';
import { secretEntries, secretOptions } from './secret-options.ts';
import { steeringEntries, steeringOptions } from './steering-options.ts';

// a plan keeps nothing of how hosts are gone through, nor of confirm windows
const {
  check: _check,
  serial: _serial,
  'max-fail': _most,
  'confirm-timeout': _seconds,
  'no-confirm': _off,
  ...shownOptions
} = runOptions;
const {
  check: _checkEntry,
  serial: _serialEntry,
  'max-fail': _mostEntry,
  'confirm-timeout': _secondsEntry,
  'no-confirm': _offEntry,
  ...shownEntries
} = runEntries;

const schema = v.object({
  inventory: v.string(),
  playbook: v.optional(v.array(v.string()), []),
  limit: v.optional(v.string()),
  out: v.optional(v.string()),
  force: v.optional(v.boolean(), false),
  ...steeringEntries,
  ...secretEntries,
  ...shownEntries,
});

/** What `xpush plan` is given. */
export type PlanOptions = v.InferOutput<typeof schema>;

export const plan = defineCommand({
  usage: 'plan <inventory> [playbook..]',
  summary: 'Write what apply would do to a file, for review; apply --plan does exactly that',
  positionals: {
    inventory: inventoryPositional,
    playbook: playbookPositional,
  },
  options: {
    limit: limitOption,
    out: { ...text, describe: 'The file to write; default: only show what would be done' },
    force: { ...flag, describe: 'Write over a file that is there' },
    ...steeringOptions,
    ...secretOptions,
    ...shownOptions,
  },
  examples: [
    ['xpush plan fleet.yaml --out fleet.plan', 'for review'],
    ['xpush apply --plan fleet.plan', 'do exactly that'],
  ],
  schema,

  run: async (options) => {
    const { runPlan } = await import('./run-plan.ts');
    return runPlan(options);
  },
});
