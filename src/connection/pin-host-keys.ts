import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { type EditedKnownHosts, editKnownHosts, type HostKeyLines } from './known-hosts-edit.ts';
import { withKnownHostsLock } from './known-hosts-lock.ts';
import { codeOf, messageOf } from './text.ts';
import { ConnectionError } from './transport.ts';

/**
 * Writes keys of hosts to a known_hosts file, all of them or, when the disk does not take them, none:
 * under the lock that other runs take, and by a rename. A file that is a link stays one; owner, mode and
 * what else is in it stay. Throws `ConnectionError` (`config`) when the file can't be read or written.
 */
export async function pinHostKeys(
  file: string,
  hosts: readonly HostKeyLines[],
  isHashed: boolean,
): Promise<EditedKnownHosts> {
  try {
    return await withKnownHostsLock(file, async (path) => {
      const former = await stat(path).catch(() => null);
      // UserKnownHostsFile /dev/null is common, and root could put a file in the place of that
      if (former?.isFile() === false) throw new ConnectionError('config', `${file} is no file`);
      const before = await readFile(path, 'latin1').catch((error) => {
        if (codeOf(error) !== 'ENOENT') throw error;
        return null;
      });
      const edited = editKnownHosts(before ?? '', hosts, isHashed);
      if (edited.text !== (before ?? '')) await replace(path, edited.text, former);
      return edited;
    });
  } catch (error) {
    if (codeOf(error) === null) throw error;
    throw new ConnectionError('config', `cannot write ${file}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function replace(path: string, text: string, former: Stats | null): Promise<void> {
  const mode = (former?.mode ?? 0o600) & 0o777;
  const beside = `${path}.${randomBytes(6).toString('hex')}`;
  const handle = await open(beside, 'wx', 0o600);
  try {
    await handle.writeFile(text, 'latin1');
    // root may write the file of another user, who is to read it still
    if (former !== null && former.uid !== process.getuid?.()) {
      await handle.chown(former.uid, former.gid);
    }
    await handle.chmod(mode);
    await handle.sync();
    await handle.close();
    await rename(beside, path);
  } catch (error) {
    await handle.close().catch(() => {});
    await unlink(beside).catch(() => {});
    throw error;
  }
}
