import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { checkOutFile, checkWritable, reasonOf } from './out-file.ts';

/** Refuses a report that could not be written, before anything is done. Throws `UsageError`. */
export async function checkReportFile(path: string): Promise<void> {
  await checkOutFile(path, true);
  await checkWritable(dirname(path), path);
}

/** Puts the page in its place, whole or not at all; a sentence when that fails. */
export async function writeReportFile(
  path: string,
  page: AsyncIterable<string>,
): Promise<string | null> {
  const beside = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(beside, page, { flag: 'wx' });
    await rename(beside, path);
    return null;
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    return `cannot write ${path}: ${reasonOf(error)}`;
  }
}
