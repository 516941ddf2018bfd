import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { withFileLock } from './file-lock.ts';
import { type EditedKnownHosts, editKnownHosts, type HostKeyLines } from './known-hosts-edit.ts';
import { codeOf, messageOf } from './text.ts';
import { ConnectionError } from './transport.ts';

/**
 * Writes keys of hosts to a known_hosts file, all of them or, when the disk does not take them, none:
 * under the lock that other runs take, and by a rename. A file that is a link stays one; mode and what
 * else is in it stay. Throws `ConnectionError` (`config`) when the file can't be read or written.
 */
export async function pinHostKeys(
  file: string,
  hosts: readonly HostKeyLines[],
  isHashed: boolean,
): Promise<EditedKnownHosts> {
  try {
    const path = await realpath(file).catch(() => file);
    await makeDirectory(dirname(path));
    return await withFileLock(`${path}.xpush-lock`, async () => {
      const before = await readFile(path, 'latin1').catch((error) => {
        if (codeOf(error) !== 'ENOENT') throw error;
        return null;
      });
      const edited = editKnownHosts(before ?? '', hosts, isHashed);
      if (edited.text !== (before ?? '')) await replace(path, edited.text);
      return edited;
    });
  } catch (error) {
    if (codeOf(error) === null) throw error;
    throw new ConnectionError('config', `cannot write ${file}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function replace(path: string, text: string): Promise<void> {
  const mode = ((await stat(path).catch(() => null))?.mode ?? 0o600) & 0o777;
  const beside = `${path}.${randomBytes(6).toString('hex')}`;
  const handle = await open(beside, 'wx', mode);
  try {
    await handle.chmod(mode);
    await handle.writeFile(text, 'latin1');
    await handle.sync();
    await handle.close();
    await rename(beside, path);
  } catch (error) {
    await handle.close().catch(() => {});
    await unlink(beside).catch(() => {});
    throw error;
  }
}

/** Not `recursive`: one missing level is a user's first login, more of them are a mistake. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}
