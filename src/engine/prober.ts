import { sourceAddress } from '../connection/source-address.ts';
import type { Inventory } from '../inventory/model.ts';
import { addressBook, seenAddress } from '../inventory/vantage.ts';
import type { Prober } from './health-ports.ts';

/**
 * What these addresses see of this machine. Nothing is sent.
 *
 * @param controller this machine's address as the host says that it sees it; null: unknown
 */
export async function proberTo(
  addresses: readonly string[],
  inventory: Inventory,
  controller: string | null,
): Promise<Prober> {
  const book = addressBook(inventory);
  const peer = controller?.replace(/^::ffff:(?=[\d.]+$)/, '') ?? null;
  const sources = new Map<string, string | null>();
  for (const address of addresses) {
    const own = await sourceAddress(address);
    sources.set(address, own === null ? null : seenAddress(own, peer, book));
  }
  return {
    sourceTo: (address) => sources.get(address) ?? null,
    isRoot: process.getuid?.() === 0,
  };
}
