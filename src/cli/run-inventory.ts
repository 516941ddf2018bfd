import type { Host, Inventory } from '../inventory/model.ts';
import { explainVariable } from '../playbook/explain-variable.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { describeHost, describeInventory, inventoryGraph } from './describe.ts';
import { explainText } from './explain-text.ts';
import type { InventoryOptions } from './inventory.ts';
import { readInventory } from './load.ts';
import { readPlays } from './load-work.ts';
import { secretStore } from './secrets.ts';
import { unsteered } from './steering-options.ts';
import { UsageError } from './usage-error.ts';

/** Does what `xpush inventory` is for, and gives the exit code. */
export async function runInventory({
  inventory: argument,
  list,
  host: name,
  explain,
  ...options
}: InventoryOptions): Promise<number> {
  if (explain !== undefined && name !== undefined) {
    return runExplain({ ...options, inventory: argument, host: name, explain });
  }
  const fleet = await readInventory(argument, secretStore(options));
  if (list) return print(asJson(describeInventory(fleet)));
  if (name === undefined) return print(escapeControls(inventoryGraph(fleet)));
  return print(asJson(describeHost(hostNamed(name, fleet))));
}

/** Says where a variable of a host has its value from. */
async function runExplain({
  inventory: argument,
  host: name,
  explain,
  playbook,
  ...options
}: Omit<InventoryOptions, 'list' | 'graph'> & {
  readonly host: string;
  readonly explain: string;
}): Promise<number> {
  const store = secretStore(options);
  const steering = { ...unsteered, 'extra-vars': options['extra-vars'] };
  const chosen = { limit: null, only: null };
  const read = await readPlays({ inventory: argument, playbook, chosen, steering }, store);
  const host = hostNamed(name, read.inventory);
  const used = read.plays.filter(({ hosts }) => playbook.length > 0 && hosts.has(name));
  const plays = read.written.filter((written) => used.some(({ play }) => play === written));
  const { inventory, extraVars } = read;
  const explained = explainVariable({ name: explain, host, inventory, plays, extraVars });
  if (!explained.ok) {
    const where = playbook.length > 0 ? '' : '; a playbook behind the inventory is looked at, too';
    throw new UsageError(
      `${name} has no variable ${JSON.stringify(explain)}${where}`,
      explained.hint,
    );
  }
  return print(explainText(name, explain, explained));
}

function hostNamed(name: string, fleet: Inventory): Host {
  const host = fleet.hosts.get(name);
  if (host !== undefined) return host;
  throw new UsageError(
    `the inventory has no host ${JSON.stringify(name)}`,
    didYouMean(name, fleet.hosts.keys()),
  );
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
