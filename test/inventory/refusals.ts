import { describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { ConfigError } from '../../src/source/diagnostic.ts';
import { formatDiagnostic } from '../../src/source/format-diagnostic.ts';

/** An inventory that is refused, and everything that is said about it. */
export interface Refusal {
  readonly title: string;
  readonly yaml: string;
  readonly said: string;
}

/** Checks that each inventory is refused with exactly what is said. */
export function refusals(subject: string, cases: readonly Refusal[]): void {
  describe(`loadInventory refuses ${subject}`, () => {
    test.each(cases)('$title', async ({ yaml, said }) => {
      expect(await complaints(yaml)).toBe(said);
    });
  });
}

/** All diagnostics of an inventory on standard input, as people see them. */
async function complaints(yaml: string | Uint8Array): Promise<string> {
  try {
    await loadInventory({ argument: '-', stdin: yaml });
    return '';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.diagnostics.map(formatDiagnostic).join('\n');
  }
}
