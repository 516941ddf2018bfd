import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  busybox,
  hasTool,
  RunningShell,
  type Shell,
  temporaryDirectory,
  unshared,
} from './shells.ts';

/** A host of another era: what /etc, /run and /usr/sbin hold, and what its commands say. */
export interface Era {
  /** Content by path, below /etc or /run. */
  readonly files?: Readonly<Record<string, string>>;
  readonly directories?: readonly string[];
  /** Target by name, in /usr/sbin. */
  readonly links?: Readonly<Record<string, string>>;
  /** Text of a sh script by command; nothing else is in /usr/sbin. */
  readonly tools?: Readonly<Record<string, string>>;
}

const needed = ['cat', 'grep', 'head', 'sed', 'sh', 'sleep', 'timeout', 'true', 'uname'];

/** A shell on such a host: this machine, with other directories mounted over its own. */
export function hostOf(shell: Shell, era: Era): RunningShell {
  const root = temporaryDirectory();
  const at = (path: string) => join(root, path);
  for (const directory of ['/etc', '/run', '/sbin', '/bin', ...(era.directories ?? [])]) {
    mkdirSync(at(directory), { recursive: true });
  }
  for (const [path, content] of Object.entries(era.files ?? {})) {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), content);
  }
  for (const [name, script] of Object.entries(era.tools ?? {})) {
    writeFileSync(at(`/sbin/${name}`), `#!/bin/sh\n${script}\n`);
    chmodSync(at(`/sbin/${name}`), 0o755);
  }
  for (const [name, target] of Object.entries(era.links ?? {})) {
    symlinkSync(target, at(`/sbin/${name}`));
  }
  for (const name of needed.filter(hasTool)) symlinkSync(`/usr/bin/${name}`, at(`/bin/${name}`));
  const mounts = ['etc', 'run'].map((name) => `mount --bind ${root}/${name} /${name}`);
  if (existsSync('/usr/lib/os-release')) mounts.push('mount --bind /dev/null /usr/lib/os-release');
  return new RunningShell(shell, {
    env: { XPUSH_TEST_PATH: shell.isBusybox ? busybox.path : at('/bin') },
    wrapper: unshared('-nm', [...mounts, `mount --bind ${root}/sbin /usr/sbin`].join('\n')),
  });
}
