import { join } from 'node:path';
import { type HostedPlays, planHosts } from '../engine/plays.ts';
import type { Inventory } from '../inventory/model.ts';
import type { WhenSummed } from '../playbook/controller-files.ts';
import { loadPlaybooks } from '../playbook/load-playbook.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import { ConfigError, type Diagnostic } from '../source/diagnostic.ts';
import { type Secret, secretsIn } from '../source/secret.ts';
import { readInventory } from './load.ts';
import { type SourceFile, type Sources, sourceFile, sourceFiles } from './sources.ts';

/** What is run when nobody names a playbook. */
export const defaultPlaybook = join(import.meta.dirname, '..', '..', 'playbooks', 'vif-route.yaml');

/** A fleet, and what a run does to it. */
export interface Work extends HostedPlays {
  readonly inventory: Inventory;
  /** The files it was read from; absent: there are none. */
  readonly sources?: Sources;
}

/** Which hosts of the plays are meant; null: all. */
export interface Chosen {
  /** A host pattern. */
  readonly limit: string | null;
  /** Names. */
  readonly only: ReadonlySet<string> | null;
}

/**
 * The fleet, with the plays of the named playbooks, else of those that the inventory names, else of
 * the shipped one; their hosts are among the chosen. Throws `ConfigError` with what is wrong in any of
 * these files or with a secret that is used, and `UsageError`.
 */
export async function readWork(
  inventoryArgument: string,
  playbookFiles: readonly string[],
  { limit, only }: Chosen,
  store: SecretStore,
  whenSummed: WhenSummed = 'at once',
): Promise<Work> {
  const diagnostics: Diagnostic[] = [];
  const read: SourceFile[] = [];
  const inventory = await collect(diagnostics, () =>
    readInventory(inventoryArgument, store, (file, content) =>
      read.push(sourceFile(file, content)),
    ),
  );
  const named = playbookFiles.length > 0 ? playbookFiles : (inventory?.playbooks ?? []);
  const files = named.length > 0 ? named : [defaultPlaybook];
  const playbooks = await collect(diagnostics, () => loadPlaybooks(files, whenSummed));
  if (inventory === null || playbooks === null) throw new ConfigError(diagnostics);
  const plays = playbooks.flatMap((playbook) => playbook.plays);
  const sources = {
    inventory: { argument: inventoryArgument, files: read },
    playbooks: await sourceFiles(files),
  };
  const hosted = planHosts(plays, inventory, limit, only);
  await store.settle(secretsUsed(hosted));
  return { inventory, sources, ...hosted };
}

/** Those of the tasks that some host has: no others are fetched. */
function secretsUsed({ plays }: HostedPlays): readonly Secret[] {
  const used = plays.filter(({ hosts }) => hosts.size > 0);
  return secretsIn(used.map(({ play }) => play.tasks.map(({ params }) => params)));
}

/** What `load` gives; null when files are wrong, whose diagnostics are kept for one report. */
async function collect<T>(
  diagnostics: Diagnostic[],
  load: () => T | Promise<T>,
): Promise<T | null> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    diagnostics.push(...error.diagnostics);
    return null;
  }
}
