import { join } from 'node:path';
import { type HostedPlays, planHosts } from '../engine/plays.ts';
import { loadInventory } from '../inventory/load-inventory.ts';
import type { Host, Inventory } from '../inventory/model.ts';
import { selectHosts } from '../inventory/patterns.ts';
import type { OnRead } from '../inventory/read-files.ts';
import { inventoryWarnings } from '../inventory/warnings.ts';
import { loadPlaybooks } from '../playbook/load-playbook.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import { largestTextBytes } from '../source/decode-text.ts';
import { ConfigError, type Diagnostic } from '../source/diagnostic.ts';
import { formatDiagnostic } from '../source/format-diagnostic.ts';
import { type Secret, secretsIn } from '../source/secret.ts';
import { type SecretsGiven, secretStore } from './secrets.ts';
import { type SourceFile, type Sources, sourceFile, sourceFiles } from './sources.ts';
import { UsageError } from './usage-error.ts';

/** What is run when nobody names a playbook. */
export const defaultPlaybook = join(import.meta.dirname, '..', '..', 'playbooks', 'vif-route.yaml');

/**
 * The fleet that INVENTORY names; `-` is standard input. What may surprise is said on standard error.
 * Throws `ConfigError` with all that is wrong, and `UsageError` when standard input is a terminal.
 */
export async function readInventory(
  argument: string,
  store: SecretStore,
  onRead?: OnRead,
): Promise<Inventory> {
  const isStdin = argument === '-';
  if (isStdin && process.stdin.isTTY) {
    throw new UsageError('INVENTORY is "-", and standard input is a terminal');
  }
  const inventory = await loadInventory({
    argument,
    ...(isStdin ? { stdin: await readStandardInput() } : {}),
    openFile: (content, file) => store.openFile(content, file),
    ...(onRead === undefined ? {} : { onRead }),
  });
  for (const warning of inventoryWarnings(inventory)) {
    process.stderr.write(`warning: ${formatDiagnostic(warning)}\n`);
  }
  return inventory;
}

/** The fleet, those of its hosts that are meant, and what it was read from. Throws as `readInventory`. */
export async function selectedHosts({
  inventory: argument,
  limit,
  ...options
}: SecretsGiven & { readonly inventory: string; readonly limit?: string | undefined }): Promise<{
  readonly inventory: Inventory;
  readonly hosts: readonly Host[];
  readonly sources: Sources;
}> {
  const files: SourceFile[] = [];
  const inventory = await readInventory(argument, secretStore(options), (file, content) =>
    files.push(sourceFile(file, content)),
  );
  const sources = { inventory: { argument, files }, playbooks: [] };
  return { inventory, hosts: hostsWithin(inventory, limit), sources };
}

/** The hosts that `--limit` names; all when it is not given. Throws `UsageError` when it names nothing. */
export function hostsWithin(
  inventory: Inventory,
  limit: string | null | undefined,
): readonly Host[] {
  const selection = selectHosts(inventory, limit ?? 'all');
  if (!selection.ok) throw new UsageError(`--limit: ${selection.message}`, selection.hint);
  return selection.hosts;
}

/** All of it, or as much as is too much: the rest of an endless input is not waited for. */
async function readStandardInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > largestTextBytes) break;
  }
  return Buffer.concat(chunks);
}

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
  const playbooks = await collect(diagnostics, () => loadPlaybooks(files));
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
