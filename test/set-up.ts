import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes the place of `placeFor`, which goes when all test files are over. */
export function setup(): () => void {
  const place = mkdtempSync(join(tmpdir(), 'xpush-tests-'));
  chmodSync(place, 0o755); // other users' shells are among the tests
  Object.assign(process.env, { XPUSH_TEST_PLACE: place });
  return () => rmSync(place, { recursive: true, force: true });
}
