import * as v from 'valibot';
import { defineCommand, flag, oneOf, text } from './command.ts';
import { secretEntries, secretOptions } from './secret-options.ts';
import { steeringEntries, steeringOptions } from './steering-options.ts';

const schema = v.pipe(
  v.object({
    playbook: v.optional(v.array(v.string()), []),
    inventory: v.optional(v.pipe(v.string(), v.nonEmpty('an inventory is needed'))),
    limit: v.optional(v.string()),
    'extra-vars': steeringEntries['extra-vars'],
    tags: steeringEntries.tags,
    'skip-tags': steeringEntries['skip-tags'],
    strict: v.optional(v.boolean(), false),
    output: v.optional(oneOf(['auto', 'json']), 'auto'),
    ...secretEntries,
  }),
  v.check(
    ({ playbook, inventory }) => playbook.length > 0 || inventory !== undefined,
    'name a playbook, or an inventory by -i',
  ),
  v.check(
    ({ limit, inventory }) => limit === undefined || inventory !== undefined,
    '--limit is about the hosts of an inventory: name it by -i',
  ),
);

/** What `xpush lint` is given. */
export type LintOptions = v.InferOutput<typeof schema>;

export const lint = defineCommand({
  usage: 'lint [playbook..]',
  summary: 'Find what will fail or surprise in playbooks; nobody is contacted',
  positionals: {
    playbook: { describe: 'Playbook files', type: 'string', array: true },
  },
  options: {
    inventory: { ...text, alias: 'i', describe: 'For these hosts: finds undefined variables' },
    limit: { ...text, alias: 'l', describe: 'Only these hosts: names, groups, globs; a,b:&c:!d' },
    'extra-vars': steeringOptions['extra-vars'],
    tags: steeringOptions.tags,
    'skip-tags': steeringOptions['skip-tags'],
    strict: { ...flag, describe: 'Exit with 1 for warnings, too' },
    output: { ...text, alias: 'o', describe: 'auto, or json: one document' },
    ...secretOptions,
  },
  examples: [
    ['xpush lint site.yaml -i inventory.yaml', 'all that can be found'],
    ['xpush lint --strict site.yaml', 'in CI'],
  ],
  schema,

  run: async (options) => {
    const { runLint } = await import('./run-lint.ts');
    return runLint(options);
  },
});
