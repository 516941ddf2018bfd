import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasNamespaces, isAvailable, type Namespace } from './namespace.ts';

const program = '/lib/systemd/systemd-networkd';

/** Whether there is a real systemd-networkd with its user here. */
export const hasNetworkd =
  hasNamespaces &&
  isAvailable('no systemd-networkd', () => {
    if (!existsSync(program)) throw new Error(`no ${program}`);
    execFileSync('id', ['systemd-network'], { stdio: 'ignore' });
  });

/** Version of the networkd here. */
export function networkdVersion(): number {
  const text = execFileSync(program, ['--version'], { encoding: 'utf8' });
  return Number(/systemd (\d+)/.exec(text)?.[1]);
}

/**
 * /run and /etc are its own. Without udev, which networkd does not wait for where /sys is read-only;
 * or with what udev says of the interfaces that are there (sd_device_get_is_initialized(3)).
 */
const script = `
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/systemd/netif /run/systemd/network
chown -R systemd-network: /run/systemd/netif
case $2 in
none) mount -o remount,bind,ro /sys ;;
udev)
  mkdir -p /run/udev/data
  for link in /sys/class/net/*; do echo I:1 >"/run/udev/data/n$(cat "$link/ifindex")"; done ;;
esac
mount --bind "$1" /etc/systemd/network
exec env SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_LEVEL=info ${program}`;

/** A systemd-networkd that runs in a namespace, on files of its own, until it is disposed of. */
export class Networkd {
  readonly #folder = mkdtempSync(join(tmpdir(), 'xpush-networkd-'));
  readonly #namespace: Namespace;
  readonly #process: ChildProcess;
  #log = '';

  /** @param files their names and contents, as latin1 */
  constructor(
    namespace: Namespace,
    files: ReadonlyMap<string, string>,
    udev: 'udev' | 'none' = 'none',
  ) {
    this.#namespace = namespace;
    chmodSync(this.#folder, 0o755);
    for (const [name, text] of files) writeFileSync(join(this.#folder, name), text, 'latin1');
    this.#process = this.#start(udev);
  }

  /** What it said. */
  get log(): string {
    return this.#log;
  }

  #start(udev: 'udev' | 'none'): ChildProcess {
    const program = ['unshare', '-m', 'sh', '-ec', script, 'sh', this.#folder, udev];
    const argv = ['netns', 'exec', this.#namespace.name, ...program];
    const started = spawn('ip', argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [started.stdout, started.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#log += text;
      });
    }
    return started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null) {
      const ended = new Promise((resolve) => this.#process.once('exit', resolve));
      this.#process.kill('SIGTERM');
      await ended;
    }
    rmSync(this.#folder, { recursive: true });
  }
}
