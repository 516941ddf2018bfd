import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { XPUSH_TEST_PLACE: place = tmpdir() } = process.env;

/**
 * An empty directory for what a module keeps for all the test files of its process: no file can tell that it is the
 * last one. It goes when all are over.
 */
export function placeFor(what: string): string {
  const directory = mkdtempSync(join(place, `${what}-`));
  chmodSync(directory, 0o755);
  return directory;
}
