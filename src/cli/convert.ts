import * as v from 'valibot';
import { defineCommand, flag, text } from './command.ts';

const schema = v.object({
  playbook: v.array(v.string()),
  inventory: v.optional(v.pipe(v.string(), v.nonEmpty('a file is needed'))),
  out: v.optional(v.pipe(v.string(), v.nonEmpty('a directory is needed'))),
  force: v.optional(v.boolean(), false),
});

/** What `xpush convert` is given. */
export type ConvertOptions = v.InferOutput<typeof schema>;

export const convert = defineCommand({
  usage: 'convert <playbook..>',
  summary: "Translate playbooks of Ansible's, with their roles, to xpush's language",
  positionals: {
    playbook: { describe: "Ansible's playbooks", type: 'string', array: true },
  },
  options: {
    inventory: { ...text, alias: 'i', describe: "Ansible's inventory: translated too" },
    out: { ...text, describe: 'Write into this directory, not to standard output' },
    force: { ...flag, describe: 'Write over files that are there' },
  },
  examples: [
    ['xpush convert site.yml', 'look at the translation'],
    ['xpush convert site.yml -i hosts.ini --out site', 'playbook, roles and inventory, in site/'],
  ],
  schema,

  run: async (options) => {
    const { runConvert } = await import('./run-convert.ts');
    return runConvert(options);
  },
});
