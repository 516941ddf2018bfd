import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type HostedPlays, planHosts } from '../engine/plays.ts';
import { loadInventory } from '../inventory/load-inventory.ts';
import type { Inventory } from '../inventory/model.ts';
import { loadPlaybooks } from '../playbook/load-playbook.ts';
import { UsageError } from './usage-error.ts';

const defaultPlaybook = join(import.meta.dirname, '..', '..', 'playbooks', 'vif-route.yaml');

/**
 * The fleet that INVENTORY names; `-` is standard input. Throws `ConfigError` with all that is wrong,
 * and `UsageError` when standard input is a terminal.
 */
export async function readInventory(argument: string): Promise<Inventory> {
  if (argument !== '-') return loadInventory({ argument });
  if (process.stdin.isTTY) {
    throw new UsageError('INVENTORY is "-", and standard input is a terminal');
  }
  return loadInventory({ argument, stdin: await buffer(process.stdin) });
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
