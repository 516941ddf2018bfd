import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { posix } from 'node:path';
import type { SshKeyPair } from './keys.ts';
import { type LabFile, type LabHostPlan, type ResolvedNic, withoutPrefix } from './plan.ts';

const OPS: readonly [number, number] = [1000, 1000];

/** What makes one host's disk differ from the template: names, keys, who may log in, the plan's files. */
export function composeDisk(
  host: LabHostPlan,
  nics: readonly ResolvedNic[],
  hostKey: SshKeyPair,
  authorizedKey: string,
): Readonly<Record<string, LabFile>> {
  const address = withoutPrefix(nics[0]?.addresses[0] ?? '127.0.1.1');
  const keyFile =
    host.kind === 'mini'
      ? { '/etc/dropbear/dropbear_ed25519_host_key': { content: hostKey.dropbear, mode: 0o600 } }
      : {
          '/etc/ssh/ssh_host_ed25519_key': { content: hostKey.openssh, mode: 0o600 },
          '/etc/ssh/ssh_host_ed25519_key.pub': `${hostKey.publicLine} root@${host.name}\n`,
        };
  return {
    '/etc/hostname': `${host.name}\n`,
    '/etc/hosts': `127.0.0.1\tlocalhost\n${address}\t${host.name}\n`,
    '/etc/machine-id': `${randomBytes(16).toString('hex')}\n`,
    ...keyFile,
    '/root/.ssh/authorized_keys': { content: `${authorizedKey}\n`, mode: 0o600 },
    '/home/ops/.ssh/authorized_keys': { content: `${authorizedKey}\n`, mode: 0o600, owner: OPS },
    ...host.files,
  };
}

/** Writes files below `root`, a disk that no host runs on yet. */
export async function writeDisk(
  root: string,
  files: Readonly<Record<string, LabFile>>,
): Promise<void> {
  await chown(`${root}/home/ops`, ...OPS);
  for (const [path, file] of Object.entries(files)) {
    const {
      content,
      mode = 0o644,
      owner = null,
    } = typeof file === 'string' ? { content: file } : file;
    await makeDirectories(root, posix.dirname(path), owner);
    await writeFile(root + path, content, { mode: 0o600 });
    if (owner !== null) await chown(root + path, ...owner);
    await chmod(root + path, mode);
  }
}

/** Replaces login shells in the disk's /etc/passwd. */
export async function setShells(
  root: string,
  shells: Readonly<Record<string, string>>,
): Promise<void> {
  const passwd = `${root}/etc/passwd`;
  const lines = (await readFile(passwd, 'utf8')).split('\n').map((line) => {
    const fields = line.split(':');
    const shell = shells[fields[0] ?? ''];
    return shell === undefined ? line : [...fields.slice(0, 6), shell].join(':');
  });
  await writeFile(passwd, lines.join('\n'));
}

async function makeDirectories(
  root: string,
  directory: string,
  owner: readonly [number, number] | null,
): Promise<void> {
  const first = await mkdir(root + directory, { recursive: true });
  if (first === undefined) return;
  for (let made = root + directory; made.length >= first.length; made = posix.dirname(made)) {
    await chmod(made, posix.basename(made) === '.ssh' ? 0o700 : 0o755);
    if (owner !== null) await chown(made, ...owner);
  }
}
