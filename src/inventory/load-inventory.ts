import { ConfigError } from '../source/diagnostic.ts';
import { buildInventory } from './build-inventory.ts';
import { Findings } from './findings.ts';
import type { Inventory } from './model.ts';
import { type OnRead, type OpenFile, readFiles } from './read-files.ts';

/** The INVENTORY argument of the command line. */
export interface InventoryInput {
  /** A file, a directory, an executable file, or `-` for `stdin`. */
  readonly argument: string;
  /** What came on standard input; only read when `argument` is `-`. */
  readonly stdin?: string | Uint8Array;
  /** Told each file that is read, as messages name it, with what it holds. */
  readonly onRead?: OnRead;
  /** Decrypts files that are encrypted as a whole; absent: such files are refused. */
  readonly openFile?: OpenFile;
}

/**
 * Loads the fleet: reads what the argument names and what that includes, checks all of it and
 * fills in what is derived. Paths in the inventory become absolute.
 *
 * @throws ConfigError with everything that is wrong
 */
export async function loadInventory(input: InventoryInput): Promise<Inventory> {
  const findings = new Findings();
  const { argument, stdin = null, onRead = () => {}, openFile = async () => null } = input;
  const { roots, files } = await readFiles(argument, stdin, findings, { onRead, openFile });
  const inventory = buildInventory(roots, findings);
  if (!findings.isEmpty) throw new ConfigError(findings.sorted(files));
  return inventory;
}
