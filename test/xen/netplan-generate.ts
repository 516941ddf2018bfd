import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { unpacked } from './debian.ts';
import { isAvailable } from './namespace.ts';

/** The parts of netplan that read its files, unpacked. */
const netplan = (): string => unpacked('netplan', ['netplan.io', 'libnetplan0']);

/** Whether there is a real netplan to be had. */
export const hasNetplan = isAvailable('no netplan', () => {
  generated({ '/etc/netplan/1.yaml': 'network: {version: 2}\n' });
});

/**
 * What `netplan generate` makes of files (by absolute path, as latin1): those for networkd and udev
 * that it would leave in /run/systemd/network, by name. Throws what it says when it fails.
 */
export function generated(files: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const root = mkdtempSync(join(tmpdir(), 'xpush-netplan-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text, 'latin1');
      chmodSync(join(root, path), 0o600);
    }
    const library =
      readdirSync(join(netplan(), 'usr/lib')).find((name) => /linux/.test(name)) ?? '';
    execFileSync(join(netplan(), 'usr/libexec/netplan/generate'), ['--root-dir', root], {
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
      env: { ...process.env, LD_LIBRARY_PATH: join(netplan(), 'usr/lib', library) },
    });
    const made = join(root, 'run/systemd/network');
    const names = readdirSync(dirname(made)).includes('network') ? readdirSync(made) : [];
    return new Map(names.map((name) => [name, readFileSync(join(made, name), 'latin1')]));
  } finally {
    rmSync(root, { recursive: true });
  }
}
