import type { Inventory } from '../inventory/model.ts';
import { connectAddress } from '../inventory/name-rules.ts';
import { namedHosts } from '../inventory/named-hosts.ts';
import { UsageError } from './usage-error.ts';

/**
 * The hosts that a command line names as `ssh` would take them, each once. Throws `UsageError` for
 * what no host can be called, an inventory's path above all.
 */
export function hostsOfArguments(words: readonly string[]): Inventory {
  for (const word of words) {
    const complaint = connectAddress(word);
    if (/\.ya?ml$/.test(word) || (complaint !== null && /^[./-]/.test(word))) {
      throw new UsageError(`"${word}" is no host`, 'name the hosts themselves, as ssh takes them');
    }
    if (complaint !== null) throw new UsageError(complaint.message, complaint.hint);
  }
  return namedHosts([...new Set(words)]);
}
