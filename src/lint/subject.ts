import type { Host, Inventory } from '../inventory/model.ts';
import { selectHosts } from '../inventory/patterns.ts';
import { levelsOfVars, type VarsLevel } from '../inventory/vars.ts';
import type { Play } from '../playbook/model.ts';
import type { SourceNode } from '../source/source-node.ts';

/** What is looked at. */
export interface Subject {
  readonly plays: readonly Play[];
  /** The files that the plays were read from. */
  readonly nodes: readonly SourceNode[];
  /** null: nobody knows which hosts there are. */
  readonly inventory: Inventory | null;
  /** Names of the hosts that are meant; null: all. */
  readonly within: ReadonlySet<string> | null;
}

/** The hosts of a play that are meant. */
export function hostsOf(
  play: Play,
  inventory: Inventory,
  within: ReadonlySet<string> | null,
): readonly Host[] {
  const selection = selectHosts(inventory, play.hosts);
  if (!selection.ok) return []; // told where hosts are chosen
  return selection.hosts.filter(({ name }) => within === null || within.has(name));
}

/** All levels of variables of an inventory, each once. */
export function inventoryLevels(inventory: Inventory): readonly VarsLevel['vars'][] {
  const all = [...inventory.hosts.values()].flatMap(({ vars }) => levelsOfVars(vars));
  return [...new Set(all.map(({ vars }) => vars))];
}
