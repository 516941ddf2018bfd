import type { Host, Inventory } from '../inventory/model.ts';
import { explainVariable } from '../playbook/explain-variable.ts';
import type { Variables } from '../playbook/keywords.ts';
import type { Play } from '../playbook/model.ts';
import { PlaybookFiles } from '../playbook/playbook-files.ts';
import { ConfigError } from '../source/diagnostic.ts';
import { didYouMean } from '../source/did-you-mean.ts';
import { escapeControls } from '../source/escape-controls.ts';
import { describeHost, describeInventory, inventoryGraph } from './describe.ts';
import { explainDocument, explainText } from './explain-text.ts';
import { readExtraVars } from './extra-vars.ts';
import type { InventoryOptions } from './inventory.ts';
import { readInventory } from './load.ts';
import { readPlays } from './load-work.ts';
import { unlocking } from './read-books.ts';
import type { SecretsGiven } from './secret-options.ts';
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
  const asked = await askedAbout({ inventory: argument, playbook, ...options });
  const host = hostNamed(name, asked.inventory);
  const plays = asked.plays.flatMap(({ play, hosts }) => (hosts.has(name) ? [play] : []));
  const explained = explainVariable({ ...asked, name: explain, host, plays });
  if (!explained.ok) {
    const where = playbook.length > 0 ? '' : '; a playbook behind the inventory is looked at, too';
    throw new UsageError(
      `${name} has no variable ${JSON.stringify(explain)}${where}`,
      explained.hint,
    );
  }
  return print(
    options.output === 'json'
      ? asJson(explainDocument(name, explain, explained))
      : explainText(name, explain, explained),
  );
}

interface Asked {
  readonly inventory: Inventory;
  readonly extraVars: Variables;
  readonly plays: readonly { readonly play: Play; readonly hosts: ReadonlySet<string> }[];
}

/** The fleet, and those plays only that are named: what the inventory names is not read. */
async function askedAbout({
  inventory: argument,
  playbook,
  ...options
}: Pick<InventoryOptions, 'inventory' | 'playbook' | 'extra-vars'> & SecretsGiven): Promise<Asked> {
  const store = secretStore(options);
  const words = options['extra-vars'];
  if (playbook.length === 0) {
    const inventory = await readInventory(argument, store);
    const files = new PlaybookFiles();
    const extraVars = await unlocking(files, store, () => readExtraVars(words, files));
    if (!extraVars.ok) throw new ConfigError(extraVars.diagnostics);
    return { inventory, extraVars: extraVars.value, plays: [] };
  }
  const steering = { ...unsteered, 'extra-vars': words };
  const chosen = { limit: null, only: null };
  const read = await readPlays({ inventory: argument, playbook, chosen, steering }, store);
  const plays = read.written.flatMap((play) => {
    const hosts = read.plays.find((hosted) => hosted.play === play)?.hosts;
    return hosts === undefined ? [] : [{ play, hosts }];
  });
  return { ...read, plays };
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
