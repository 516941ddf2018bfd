import { loadInventory } from '../inventory/load-inventory.ts';
import type { Host, Inventory } from '../inventory/model.ts';
import { selectHosts } from '../inventory/patterns.ts';
import type { OnRead } from '../inventory/read-files.ts';
import { inventoryWarnings } from '../inventory/warnings.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import { largestTextBytes } from '../source/decode-text.ts';
import { formatDiagnostic } from '../source/format-diagnostic.ts';
import type { SecretsGiven } from './secret-options.ts';
import { secretStore } from './secrets.ts';
import { type SourceFile, type Sources, sourceFile } from './sources.ts';
import { UsageError } from './usage-error.ts';

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
