import { open, stat, unlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from './text.ts';

const retryMs = 25;
const staleMs = 10_000;

/**
 * Runs `work` while holding a lock file. A lock older than 10 s belongs to a program that died and
 * is taken over. Throws what `work` throws, and system errors.
 */
export async function withFileLock<T>(lockFile: string, work: () => Promise<T>): Promise<T> {
  while (!(await tryLock(lockFile))) {
    await removeStale(lockFile);
    await sleep(retryMs);
  }
  try {
    return await work();
  } finally {
    await unlink(lockFile).catch(() => {});
  }
}

async function tryLock(lockFile: string): Promise<boolean> {
  try {
    const handle = await open(lockFile, 'wx', 0o600);
    await handle.close();
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function removeStale(lockFile: string): Promise<void> {
  try {
    const { mtimeMs } = await stat(lockFile);
    // of one that is to be written yet, the clock of a file server or of here is wrong
    if (Math.abs(Date.now() - mtimeMs) > staleMs) await unlink(lockFile);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}
