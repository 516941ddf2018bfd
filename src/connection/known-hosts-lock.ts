import { mkdir, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { withFileLock } from './file-lock.ts';
import { codeOf } from './text.ts';

/**
 * Does `work` while nobody else of ours writes to a known_hosts file, whose directory is made if need
 * be. `work` is given the file's own path: it may be a link. Throws what `work` throws, and system errors.
 */
export async function withKnownHostsLock<T>(
  file: string,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const path = await realpath(file).catch(() => file);
  await makeDirectory(dirname(path));
  return await withFileLock(`${path}.xpush-lock`, () => work(path));
}

/** Not `recursive`: one missing level is a user's first login, more of them are a mistake. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}
