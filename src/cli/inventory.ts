import * as v from 'valibot';
import { didYouMean } from '../source/did-you-mean.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { defineCommand, flag, text } from './command.ts';
import { describeHost, describeInventory, inventoryGraph } from './describe.ts';
import { readInventory } from './load.ts';
import { secretEntries, secretOptions, secretStore } from './secrets.ts';
import { UsageError } from './usage-error.ts';

export const inventory = defineCommand({
  usage: 'inventory <inventory>',
  summary: 'Check an inventory and show what was understood, derived values included',
  positionals: {
    inventory: { describe: 'File, directory, executable, or - for standard input', type: 'string' },
  },
  options: {
    list: { ...flag, describe: 'Everything, as JSON' },
    graph: { ...flag, describe: 'dom0s with their guests, and groups, as a tree [default]' },
    host: { ...text, describe: 'One host, as JSON' },
    ...secretOptions,
  },
  examples: [['xpush inventory inventory.yaml --host web1', 'tables, rules and MACs of web1']],
  schema: v.pipe(
    v.object({
      inventory: v.string(),
      list: v.optional(v.boolean(), false),
      graph: v.optional(v.boolean(), false),
      host: v.optional(v.string()),
      ...secretEntries,
    }),
    v.check(
      ({ list, graph, host }) => [list, graph, host !== undefined].filter(Boolean).length <= 1,
      'give one of --list, --graph and --host',
    ),
  ),

  run: async ({ inventory: argument, list, host: name, ...options }) => {
    const fleet = await readInventory(argument, secretStore(options));
    if (list) return print(asJson(describeInventory(fleet)));
    if (name === undefined) return print(escapeControls(inventoryGraph(fleet)));
    const host = fleet.hosts.get(name);
    if (host === undefined) {
      throw new UsageError(
        `the inventory has no host ${JSON.stringify(name)}`,
        didYouMean(name, fleet.hosts.keys()),
      );
    }
    return print(asJson(describeHost(host)));
  },
});

/** JSON of the same value, in which nothing hides or moves text on a terminal. */
function asJson(value: unknown): string {
  const unit = (code: number): string => `\\u${code.toString(16).padStart(4, '0')}`;
  return JSON.stringify(value, null, 2).replace(/(?!\n)[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, index) => unit(character.charCodeAt(index))).join(
      '',
    ),
  );
}

function print(text: string): number {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  return 0;
}
