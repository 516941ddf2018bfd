import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type HostedPlays, planHosts } from '../engine/plays.ts';
import { loadInventory } from '../inventory/load-inventory.ts';
import type { Inventory } from '../inventory/model.ts';
import { inventoryWarnings } from '../inventory/warnings.ts';
import { loadPlaybooks } from '../playbook/load-playbook.ts';
import { formatDiagnostic } from '../source/format-diagnostic.ts';
import { UsageError } from './usage-error.ts';

const defaultPlaybook = join(import.meta.dirname, '..', '..', 'playbooks', 'vif-route.yaml');

/**
 * The fleet that INVENTORY names; `-` is standard input. Throws `ConfigError` with all that is wrong,
 * and `UsageError` when standard input is a
 * terminal. What may surprise is said on standard error.
 */
export async function readInventory(argument: string): Promise<Inventory> {
  const isStdin = argument === '-';
  if (isStdin && process.stdin.isTTY) {
    throw new UsageError('INVENTORY is "-", and standard input is a terminal');
  }
  const inventory = await loadInventory({
    argument,
    ...(isStdin ? { stdin: await buffer(process.stdin) } : {}),
  });
  for (const warning of inventoryWarnings(inventory)) {
    process.stderr.write(`warning: ${formatDiagnostic(warning)}\n`);
  }
  return inventory;
}

/**
 * The plays of the named playbooks, else of those that the inventory names, else of the shipped one;
 * with their hosts within `limit`. Throws `ConfigError` and `UsageError`.
 */
export function readPlays(
  inventory: Inventory,
  files: readonly string[],
  limit: string | null,
): HostedPlays {
  const named = files.length > 0 ? files : inventory.playbooks;
  const playbooks = loadPlaybooks(named.length > 0 ? named : [defaultPlaybook]);
  const plays = playbooks.flatMap((playbook) => playbook.plays);
  return planHosts(plays, inventory, limit);
}
