import * as v from 'valibot';
import { defineCommand } from './command.ts';

const schema = v.object({
  step: v.optional(v.string()),
  schema: v.optional(v.boolean(), false),
});

/** What `xpush steps` is given. */
export type StepsOptions = v.InferOutput<typeof schema>;

export const steps = defineCommand({
  usage: 'steps [step]',
  summary: 'List the steps, or the parameters of one',
  positionals: { step: { describe: 'Name of a step', type: 'string' } },
  options: {
    schema: {
      describe: 'Print the JSON Schema of playbooks, for editors, with the steps of your own',
      type: 'boolean',
    },
  },
  examples: [
    ['xpush steps sysctl', 'what sysctl takes'],
    ['xpush steps --schema > playbook.json', 'what editors complete playbooks by'],
  ],
  schema,

  run: async (options) => {
    const { runSteps } = await import('./run-steps.ts');
    return runSteps(options);
  },
});
