import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Connection } from '../../src/connection/transport.ts';
import { isAvailable } from '../xen/namespace.ts';
import { shellConnection } from './shell-connection.ts';

/** Whether this machine lets us lay a file system of ours over its own. */
export const hasPrivateHosts = isAvailable('no overlay file system', () => {
  const { status, stderr } = spawnSync('unshare', ['--mount', 'sh', '-c', overlay('true')]);
  if (status !== 0) throw new Error(`${stderr}`);
});

function overlay(then: string): string {
  return [
    'mount -t tmpfs tmpfs /mnt && mkdir /mnt/upper /mnt/work /mnt/root',
    'mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root',
    'mount -t proc proc /mnt/root/proc && mount --rbind /dev /mnt/root/dev',
    'mount --rbind /sys /mnt/root/sys && mount -o remount,bind,ro /mnt/root/sys',
    'mount -t tmpfs tmpfs /mnt/root/run && mount -t tmpfs tmpfs /mnt/root/tmp',
    'mount -t tmpfs tmpfs /mnt/root/var/lib/xpush 2>/dev/null || mkdir -p /mnt/root/var/lib/xpush',
    then,
  ].join(' && ');
}

/**
 * A "host" with the files of this machine, whose changes go with it. Its network, its name and its
 * mounts are its own, and its processes see no others.
 */
export class PrivateHost {
  readonly #holder: ChildProcess;
  readonly #pid: number;

  private constructor(holder: ChildProcess, pid: number) {
    this.#holder = holder;
    this.#pid = pid;
  }

  /** @param empty directories that are empty there at first */
  static async start(empty: readonly string[] = []): Promise<PrivateHost> {
    const cleared = empty.map((one) => `mount -t tmpfs -o mode=755 tmpfs /mnt/root${one}`);
    const script = [overlay('true'), ...cleared, '{ echo; exec cat >/dev/null; }'].join(' && ');
    const apart = ['--mount', '--net', '--pid', '--uts', '--fork'];
    const holder = spawn('unshare', [...apart, 'sh', '-c', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    const [pid] = spawnSync('pgrep', ['-P', `${holder.pid}`], { encoding: 'utf8' }).stdout.split(
      '\n',
    );
    return new PrivateHost(holder, Number(pid));
  }

  /** Runs a shell script there; throws when it fails. */
  run(script: string, input = ''): string {
    const [program, ...args] = this.#words(['/bin/sh', '-ec', script]);
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', input });
    if (status !== 0) throw new Error(`${script}\n${stdout}${stderr}`);
    return stdout;
  }

  readonly connect = async (): Promise<Connection> =>
    shellConnection((command) => {
      const [program, ...args] = this.#words(['/bin/sh', '-c', command]);
      return spawn(program, args, { stdio: 'pipe' });
    });

  #words(command: readonly string[]): readonly [string, ...string[]] {
    const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    const room = [
      '--mount',
      '--net',
      '--pid',
      '--uts',
      '-t',
      `${this.#pid}`,
      'chroot',
      '/mnt/root',
    ];
    return ['nsenter', ...room, 'env', '-i', 'HOME=/root', `PATH=${path}`, ...command];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#holder.stdin?.end();
    if (this.#holder.exitCode === null) await once(this.#holder, 'exit');
  }
}
