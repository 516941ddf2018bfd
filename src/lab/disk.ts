import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { posix } from 'node:path';
import type { SshKeyPair } from './keys.ts';
import { type LabFile, type LabHostPlan, type ResolvedNic, withoutPrefix } from './plan.ts';

type Owner = readonly [uid: number, gid: number];
const OPS: Owner = [1000, 1000];

/** What makes one host's disk differ from the template: names, keys, who may log in, the plan's files. */
export function composeDisk(
  host: LabHostPlan,
  nics: readonly ResolvedNic[],
  hostKey: SshKeyPair,
  authorizedKey: string,
): Readonly<Record<string, LabFile>> {
  const address = withoutPrefix(nics[0]?.addresses[0] ?? '127.0.1.1');
  const keyFiles =
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
    ...keyFiles,
    '/root/.ssh/authorized_keys': { content: `${authorizedKey}\n`, mode: 0o600 },
    '/home/ops/.ssh/authorized_keys': { content: `${authorizedKey}\n`, mode: 0o600, owner: OPS },
    ...host.files,
  };
}

/**
 * Writes files below `root`, a disk that no host runs on yet, and login shells into its /etc/passwd.
 * `hasOwners`: false where there is only one user; then all is theirs.
 */
export async function writeDisk(
  root: string,
  files: Readonly<Record<string, LabFile>>,
  shells: Readonly<Record<string, string>>,
  hasOwners: boolean,
): Promise<void> {
  const giveTo = async (path: string, owner?: Owner): Promise<void> => {
    if (owner !== undefined && hasOwners) await chown(path, ...owner);
  };
  await giveTo(`${root}/home/ops`, OPS);
  for (const [path, file] of Object.entries(files)) {
    const { content, mode = 0o644, owner } = typeof file === 'string' ? { content: file } : file;
    for (const made of await makeDirectories(root, posix.dirname(path))) await giveTo(made, owner);
    await writeFile(root + path, content, { mode: 0o600 });
    await giveTo(root + path, owner);
    await chmod(root + path, mode);
  }
  await setShells(`${root}/etc/passwd`, shells);
}

async function makeDirectories(root: string, directory: string): Promise<readonly string[]> {
  const first = await mkdir(root + directory, { recursive: true });
  const made: string[] = [];
  for (
    let path = root + directory;
    first && path.length >= first.length;
    path = posix.dirname(path)
  ) {
    await chmod(path, posix.basename(path) === '.ssh' ? 0o700 : 0o755);
    made.push(path);
  }
  return made;
}

async function setShells(passwd: string, shells: Readonly<Record<string, string>>): Promise<void> {
  if (Object.keys(shells).length === 0) return;
  const lines = (await readFile(passwd, 'utf8')).split('\n').map((line) => {
    const fields = line.split(':');
    const shell = shells[fields[0] ?? ''];
    return shell === undefined ? line : [...fields.slice(0, 6), shell].join(':');
  });
  await writeFile(passwd, lines.join('\n'));
}
