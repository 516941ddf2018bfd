import * as v from 'valibot';
import { defineCommand } from './command.ts';

const schema = v.object({ step: v.optional(v.string()) });

/** What `xpush steps` is given. */
export type StepsOptions = v.InferOutput<typeof schema>;

export const steps = defineCommand({
  usage: 'steps [step]',
  summary: 'List the steps, or the parameters of one',
  positionals: { step: { describe: 'Name of a step', type: 'string' } },
  options: {},
  examples: [['xpush steps sysctl', 'what sysctl takes']],
  schema,

  run: async (options) => {
    const { runSteps } = await import('./run-steps.ts');
    return runSteps(options);
  },
});
