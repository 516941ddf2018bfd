import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Connection, Exec, Outcome } from '../../src/connection/transport.ts';
import { isAvailable } from '../xen/namespace.ts';

/** Whether this machine lets us lay a file system of ours over its own. */
export const hasOverlays = isAvailable('no overlay file system', () => {
  const { status, stderr } = spawnSync('unshare', ['--mount', 'sh', '-c', overlay('true')]);
  if (status !== 0) throw new Error(`${stderr}`);
});

function overlay(then: string): string {
  return [
    'mount -t tmpfs tmpfs /mnt && mkdir /mnt/upper /mnt/work /mnt/root',
    'mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root',
    'mount -t proc proc /mnt/root/proc && mount --rbind /dev /mnt/root/dev',
    'mount -t tmpfs tmpfs /mnt/root/run && mount -t tmpfs tmpfs /mnt/root/tmp',
    'mount -t tmpfs tmpfs /mnt/root/var/lib/xpush 2>/dev/null || mkdir -p /mnt/root/var/lib/xpush',
    then,
  ].join(' && ');
}

/** A connection whose shells are processes of this machine. */
export function connectionBy(start: (command: string) => ChildProcess): Connection {
  const exec = async (command: string): Promise<Exec> => {
    const child = start(command);
    const { stdin, stdout, stderr } = child;
    if (stdin === null || stdout === null || stderr === null) throw new Error('no pipes');
    const outcome = new Promise<Outcome>((resolve) => {
      child.on('close', (code, signal) =>
        resolve(signal === null ? { kind: 'exit', code: code ?? 0 } : { kind: 'signal', signal }),
      );
    });
    return { stdin, stdout, stderr, outcome };
  };
  return { exec, close: async () => {} };
}

/** A "host" with the files of this machine, whose changes go with it; its processes see no others. */
export class OverlayHost {
  readonly #holder: ChildProcess;
  readonly #pid: number;

  private constructor(holder: ChildProcess, pid: number) {
    this.#holder = holder;
    this.#pid = pid;
  }

  static async start(): Promise<OverlayHost> {
    const script = overlay('{ echo; exec cat >/dev/null; }');
    const holder = spawn('unshare', ['--mount', '--net', '--pid', '--fork', 'sh', '-c', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    const [pid] = spawnSync('pgrep', ['-P', `${holder.pid}`], { encoding: 'utf8' }).stdout.split(
      '\n',
    );
    return new OverlayHost(holder, Number(pid));
  }

  /** Runs a shell script there; throws when it fails. */
  run(script: string, input = ''): string {
    const [program, ...args] = this.#words(['/bin/sh', '-ec', script]);
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', input });
    if (status !== 0) throw new Error(`${script}\n${stdout}${stderr}`);
    return stdout;
  }

  readonly connect = async (): Promise<Connection> =>
    connectionBy((command) => {
      const [program, ...args] = this.#words(['/bin/sh', '-c', command]);
      return spawn(program, args, { stdio: 'pipe' });
    });

  #words(command: readonly string[]): readonly [string, ...string[]] {
    const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    const room = ['--mount', '--net', '--pid', '-t', `${this.#pid}`, 'chroot', '/mnt/root'];
    return ['nsenter', ...room, 'env', '-i', 'HOME=/root', `PATH=${path}`, ...command];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#holder.stdin?.end();
    if (this.#holder.exitCode === null) await once(this.#holder, 'exit');
  }
}
