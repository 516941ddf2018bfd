import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './process.ts';

const DOWNLOAD_TIMEOUT_MS = 30_000;
const RETRY_AFTER_MS = 3_600_000;

/**
 * The files of a Debian package, downloaded once into the user's cache and unpacked there, not installed.
 * Null when it can't be had (no apt-get, no network); that is remembered for an hour.
 */
export async function unpackPackage(name: string): Promise<string | null> {
  const { XDG_CACHE_HOME = join(homedir(), '.cache') } = process.env;
  const cache = join(XDG_CACHE_HOME, 'xpush', 'lab');
  const unpacked = join(cache, name);
  const failure = join(cache, `${name}.failed`);
  if (await isDirectory(unpacked)) return unpacked;
  if (await isRecent(failure)) return null;

  await mkdir(cache, { recursive: true, mode: 0o700 });
  const work = await mkdtemp(join(cache, '.download-'));
  try {
    const root = join(work, 'root');
    const download = ['apt-get', '-qq', '-o', 'APT::Sandbox::User=root', 'download', name] as const;
    const isDone =
      (await succeeds(download, work)) &&
      (await succeeds(['dpkg', '-x', join(work, (await findDeb(work)) ?? ''), root], work));
    if (!isDone) {
      await writeFile(failure, '');
      return null;
    }
    // Another process may have been faster; its copy is as good.
    await rename(root, unpacked).catch(() => undefined);
    return (await isDirectory(unpacked)) ? unpacked : null;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function findDeb(directory: string): Promise<string | undefined> {
  return (await readdir(directory)).find((file) => file.endsWith('.deb'));
}

async function succeeds(argv: readonly [string, ...string[]], cwd: string): Promise<boolean> {
  try {
    return (await runCommand(argv, { cwd, timeoutMs: DOWNLOAD_TIMEOUT_MS })).code === 0;
  } catch {
    return false;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return await stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  );
}

async function isRecent(path: string): Promise<boolean> {
  return await stat(path).then(
    (info) => Date.now() - info.mtimeMs < RETRY_AFTER_MS,
    () => false,
  );
}
