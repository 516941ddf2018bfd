import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';

const SBIN = ['/usr/sbin', '/sbin'];

/** Where a program is, also when the PATH has no sbin; null when it isn't there. */
export async function findTool(name: string): Promise<string | null> {
  const { PATH = '' } = process.env;
  for (const directory of [...PATH.split(':'), ...SBIN]) {
    const path = join(directory, name);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // Not in this one.
    }
  }
  return null;
}
