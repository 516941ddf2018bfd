import { randomBytes } from 'node:crypto';
import { access, constants, link, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from './usage-error.ts';

/**
 * Refuses a file that could not be written, before the work whose result is for it. Throws
 * `UsageError`.
 */
export async function checkOutFile(path: string, force: boolean): Promise<void> {
  const found = await stat(path).catch(codeOf);
  if (typeof found === 'string' && found !== 'ENOENT') throw new UsageError(cannot(path, found));
  if (typeof found !== 'string') {
    if (!found.isFile()) throw new UsageError(`${path} is no regular file`, 'name a file');
    if (!force) {
      throw new UsageError(`${path} is there already`, 'name another file, or say --force');
    }
  }
  await checkWritable(typeof found === 'string' ? dirname(path) : path, path);
}

/** Refuses a file or directory that is not ours to write, for the sake of `path`. Throws `UsageError`. */
export async function checkWritable(target: string, path: string): Promise<void> {
  const code = await access(target, constants.W_OK).then(() => null, codeOf);
  if (code !== null) throw new UsageError(cannot(path, code));
}

/** Writes the file; a sentence when that fails all the same. */
export async function writeOutFile(
  path: string,
  text: string,
  force: boolean,
): Promise<string | null> {
  return await writeFile(path, text, { flag: force ? 'w' : 'wx' }).then(
    () => null,
    (error: unknown) => cannot(path, codeOf(error)),
  );
}

/** The same, whole or not at all, and for its owner only. */
export async function writePrivateFile(
  path: string,
  text: string,
  force: boolean,
): Promise<string | null> {
  const beside = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(beside, text, { flag: 'wx', mode: 0o600, flush: true });
    await (force ? rename(beside, path) : link(beside, path)); // link(2) replaces nothing
    return null;
  } catch (error) {
    return cannot(path, codeOf(error));
  } finally {
    await rm(beside, { force: true }).catch(() => {});
  }
}

function cannot(path: string, code: string): string {
  return `cannot write ${path}: ${reasons[code] ?? code}`;
}

/** Why a file could not be written, in words. Throws what is no error of the file system: a bug. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  return reasons[code] ?? code;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such directory',
  ENOTDIR: 'it leads through a file',
  EACCES: 'permission denied',
  EEXIST: 'it is there by now',
  ENOSPC: 'the disk is full',
  EROFS: 'the file system is read-only',
  ENAMETOOLONG: 'its name is too long',
};

/** Of an error of the file system; others are bugs. */
function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  throw error;
}
