import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const { XDG_CACHE_HOME } = process.env;

/**
 * A folder with Debian packages unpacked, installed nowhere: fetched by apt once and kept in the
 * user's cache. Throws where apt or the packages are not to be had.
 */
export function unpacked(name: string, packages: readonly string[]): string {
  const cache = join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'xpush-tests');
  const root = join(cache, name);
  if (existsSync(root)) return root;

  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'fetch-'));
  try {
    execFileSync('apt-get', ['download', ...packages], { cwd: work, stdio: 'ignore' });
    for (const file of readdirSync(work)) {
      execFileSync('dpkg', ['-x', join(work, file), join(work, 'root')]);
    }
    renameSync(join(work, 'root'), root);
  } catch (error) {
    if (!existsSync(root)) throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return root;
}
