import * as v from 'valibot';
import { defineCommand } from './command.ts';
import { inventoryPositional } from './host-options.ts';
import { patternPositional } from './run-command.ts';
import { runEntries, runOptions } from './run-options.ts';
import { secretEntries, secretOptions } from './secret-options.ts';
import { steeringEntries, steeringOptions } from './steering-options.ts';

const schema = v.object({
  inventory: v.string(),
  pattern: v.string(),
  step: v.string(),
  parameter: v.optional(v.array(v.string()), []),
  'extra-vars': steeringEntries['extra-vars'],
  ...secretEntries,
  ...runEntries,
});

/** What `xpush exec` is given. */
export type ExecOptions = v.InferOutput<typeof schema>;

export const exec = defineCommand({
  usage: 'exec <inventory> <pattern> <step> [parameter..]',
  summary: 'Do one step on hosts, as a task of a playbook would',
  positionals: {
    inventory: inventoryPositional,
    pattern: patternPositional,
    step: { describe: 'Name of a step', type: 'string' },
    parameter: {
      describe: 'Its parameters: name=value, in YAML; or one text, for steps that take it',
      type: 'string',
      array: true,
    },
  },
  options: {
    'extra-vars': steeringOptions['extra-vars'],
    ...secretOptions,
    ...runOptions,
  },
  examples: [
    ['xpush exec fleet.yaml all sysctl name=vm.swappiness value=10 -C -D', 'what would change'],
    ['xpush exec fleet.yaml web copy src=motd dest=/etc/motd', 'make it so'],
  ],
  schema,

  run: async (options) => {
    const { runExec } = await import('./run-exec.ts');
    return runExec(options);
  },
});
