import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
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
  readonly #udev: 'udev' | 'none';
  #process: ChildProcess;
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
    this.#udev = udev;
    this.#process = this.#start();
  }

  /** What it said. */
  get log(): string {
    return this.#log;
  }

  /** Whether it is done with these interfaces, as networkctl(1) would say. */
  hasConfigured(interfaces: readonly string[]): boolean {
    const links = `/proc/${this.#process.pid}/root/run/systemd/netif/links`;
    const states = existsSync(links)
      ? readdirSync(links).map((name) => readFileSync(join(links, name), 'utf8'))
      : [];
    return interfaces.every((name) =>
      states.some(
        (state) =>
          state.includes('\nADMIN_STATE=configured\n') &&
          state.includes(`/00-xpush-${name}.network\n`),
      ),
    );
  }

  async restart(): Promise<void> {
    await this.#stop();
    this.#process = this.#start();
  }

  #start(): ChildProcess {
    const program = ['unshare', '-m', 'sh', '-ec', script, 'sh', this.#folder, this.#udev];
    const argv = ['netns', 'exec', this.#namespace.name, ...program];
    const started = spawn('ip', argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [started.stdout, started.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#log += text;
      });
    }
    return started;
  }

  async #stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    rmSync(this.#folder, { recursive: true });
  }
}
