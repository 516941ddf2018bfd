import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { LabError } from './lab-error.ts';
import type { Privilege } from './privilege.ts';
import { type Argv, cleanEnvironment, mustRun, spawnCommand, unrefChild } from './process.ts';
import { identifyProcess, killAndWait, type ProcessId } from './process-id.ts';

/** The scripts that run inside a lab; they lie beside this module, in the sources as in the build. */
export const runtimeDirectory = join(import.meta.dirname, 'runtime');

/** The process that a lab hangs off, and the ways into the namespaces below it. */
export class Hub {
  readonly id: ProcessId;
  readonly directory: string;
  readonly privilege: Privilege;
  readonly #launcher: ChildProcess | null;

  /** `launcher`: null for a hub that another process started. */
  constructor(
    id: ProcessId,
    directory: string,
    privilege: Privilege,
    launcher: ChildProcess | null,
  ) {
    this.id = id;
    this.directory = directory;
    this.privilege = privilege;
    this.#launcher = launcher;
  }

  /** Where the disks are, seen from this process; inside the lab it is `directory/disks`. */
  get disks(): string {
    return `/proc/${this.id.pid}/root${this.directory}/disks`;
  }

  /** Without root: uid and gid of the only user there is, as the templates take them. */
  get onlyUser(): readonly string[] {
    return onlyUserOf(this.privilege);
  }

  /** How long a probe waits by default. Without root, proxy ARP answers up to 0.8 s late, once a hop. */
  get probeTimeoutMs(): number {
    return this.privilege.kind === 'root' ? 700 : 2500;
  }

  /** `argv` in the hub's network, with all else as here. */
  inNetwork(argv: Argv): Argv {
    const { privilege } = this;
    if (privilege.kind === 'root') return enter(this.id.pid, ['-n'], argv);
    // Back to the own uid, in a user namespace below the hub's.
    const ids = [`--map-user=${privilege.uid}`, `--map-group=${privilege.gid}`];
    const own: Argv = ['unshare', '-U', ...ids, '--', ...argv];
    return enter(this.id.pid, ['-U', '--preserve-credentials', '-n'], own);
  }

  /** `argv` as a process of the lab: it ends with the hub, and sees the disks. */
  inLab(argv: Argv): Argv {
    const user = this.privilege.kind === 'root' ? [] : ['-U', '--preserve-credentials'];
    return enter(this.id.pid, [...user, '-n', '-m', '-p'], argv);
  }

  /** `argv` inside a host, `pid` being its first process: the host's console. */
  inHost(pid: number, argv: Argv): Argv {
    return this.#asHubUser(enter(pid, ['-m', '-u', '-i', '-n', '-p'], argv));
  }

  /** `argv` in a host's network, with this machine's files; it ends with the host. */
  inHostNetwork(pid: number, argv: Argv): Argv {
    return this.#asHubUser(enter(pid, ['-n', '-p'], argv));
  }

  /** Runs lines of ip(8) in one process in the network of `pid`. Default: the hub's. */
  async ip(lines: readonly string[], pid: number = this.id.pid): Promise<void> {
    await this.inNetworkOf(pid, ['ip', '-batch', '-'], `${lines.join('\n')}\n`);
  }

  /** Runs a program of this machine in the network of `pid`, with power over it. */
  async inNetworkOf(pid: number, argv: Argv, input = ''): Promise<void> {
    await mustRun(this.#asHubUser(enter(pid, ['-n'], argv)), { input });
  }

  /** Makes the network of `of` known as `name` to ip(8) in the host of `to`, for as long as that is mounted. */
  async lendNetwork(of: number, to: number, name: string): Promise<void> {
    const lend =
      'mkdir -p /run/netns && : >"/run/netns/$1" && mount -c --bind /proc/self/fd/3 "/run/netns/$1"';
    const borrower = enter(to, ['-m', '-n', '-p'], ['sh', '-c', lend, 'sh', name]);
    const open = 'exec 3<"/proc/$1/ns/net" && shift && exec "$@"';
    await mustRun(this.#asHubUser(['sh', '-c', open, 'sh', String(of), ...borrower]), {});
  }

  /** Ends the lab: the kernel ends every process of it, and with them mounts and links. */
  async stop(): Promise<void> {
    await killAndWait(this.id);
    this.#launcher?.stdin?.destroy();
  }

  /** The owner of the hub's user namespace has all power over those below it. */
  #asHubUser(argv: Argv): Argv {
    if (this.privilege.kind === 'root') return argv;
    return enter(this.id.pid, ['-U', '--preserve-credentials'], argv);
  }
}

/**
 * Starts a hub whose disks lie in `directory`/disks.
 * `attached`: it ends with this process, however that ends; `detached`: it lives until it is killed.
 */
export async function startHub(
  directory: string,
  privilege: Privilege,
  hold: 'attached' | 'detached',
): Promise<Hub> {
  const user = privilege.kind === 'root' ? [] : ['-U', '-r'];
  const launcher = spawnCommand(
    [
      'unshare',
      ...[...user, '-n', '-m', '-p', '-f', '--kill-child', '--propagation', 'private', '--'],
      ...['sh', join(runtimeDirectory, 'hub.sh'), directory, runtimeDirectory],
      hold === 'attached' ? 'stdin' : 'forever',
      ...onlyUserOf(privilege),
    ],
    // Its own session, so that Ctrl-C in the controller's terminal doesn't reach it.
    {
      stdio: [hold === 'attached' ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      detached: true,
      env: cleanEnvironment(),
    },
  );
  let complaints = '';
  launcher.stderr?.on('data', (chunk: Buffer) => {
    complaints += chunk.toString('utf8');
  });
  launcher.on('error', (error) => {
    complaints += error.message;
  });
  launcher.stdin?.on('error', () => undefined);
  if (launcher.stdout !== null) {
    for await (const line of createInterface({ input: launcher.stdout })) {
      const pid = /^hub (\d+)$/.exec(line)?.[1];
      if (pid === undefined) continue;
      unrefChild(launcher);
      return new Hub(identifyProcess(Number(pid)), directory, privilege, launcher);
    }
  }
  throw new LabError(`the lab's hub did not start: ${complaints.trim() || 'no reason given'}`);
}

function enter(pid: number, namespaces: readonly string[], argv: Argv): Argv {
  return ['nsenter', '-t', String(pid), ...namespaces, '--', ...argv];
}

function onlyUserOf(privilege: Privilege): readonly string[] {
  return privilege.kind === 'root' ? [] : [String(privilege.uid), String(privilege.gid)];
}
