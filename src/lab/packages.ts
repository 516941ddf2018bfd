import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { runtimeDirectory } from './hub.ts';
import { type Argv, runCommand } from './process.ts';

/** Where a package's files are: on this machine already, or unpacked in `directory`. */
export type PackageFiles =
  | { readonly kind: 'installed'; readonly configFiles: readonly string[] }
  | { readonly kind: 'unpacked'; readonly directory: string };

const DOWNLOAD_TIMEOUT_MS = 30_000;
const RETRY_AFTER_MS = 3_600_000;

/** The files of a Debian package, installed or unpacked by `unpackPackage`. Null when it can't be had. */
export async function findPackage(name: string): Promise<PackageFiles | null> {
  const format = ['db:Status-Status', 'Conffiles'].map((field) => `\${${field}}`).join('\n');
  const query: Argv = ['dpkg-query', '-W', '-f', format, name];
  const { code, stdout } = await runCommand(query).catch(() => ({ code: 1, stdout: '' }));
  const [status, ...conffiles] = stdout.split('\n');
  if (code === 0 && status === 'installed') {
    const configFiles = conffiles.map((line) => line.trim().split(' ')[0] ?? '').filter(Boolean);
    return { kind: 'installed', configFiles };
  }
  const directory = await unpackPackage(name);
  return directory === null ? null : { kind: 'unpacked', directory };
}

/**
 * A Debian package, downloaded once into the user's cache and unpacked there, not installed.
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
    if (!(await downloadAndUnpack(name, work, root))) {
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

async function downloadAndUnpack(name: string, work: string, root: string): Promise<boolean> {
  const options = ['-qq', '-o', 'APT::Sandbox::User=root'];
  if (!(await succeeds(['apt-get', ...options, 'download', name], work))) return false;
  const deb = (await readdir(work)).find((file) => file.endsWith('.deb'));
  if (deb === undefined) return false;
  const script = join(runtimeDirectory, 'unpack-package.sh');
  return await succeeds(['sh', script, join(work, deb), root], work);
}

async function succeeds(argv: Argv, cwd: string): Promise<boolean> {
  return await runCommand(argv, { cwd, timeoutMs: DOWNLOAD_TIMEOUT_MS }).then(
    ({ code }) => code === 0,
    () => false,
  );
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
