import { didYouMean } from '../source/did-you-mean.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { describeHost, describeInventory, inventoryGraph } from './describe.ts';
import type { InventoryOptions } from './inventory.ts';
import { readInventory } from './load.ts';
import { secretStore } from './secrets.ts';
import { UsageError } from './usage-error.ts';

/** Does what `xpush inventory` is for, and gives the exit code. */
export async function runInventory({
  inventory: argument,
  list,
  host: name,
  ...options
}: InventoryOptions): Promise<number> {
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
}

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
