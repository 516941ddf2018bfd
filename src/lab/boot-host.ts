import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { type Hub, runtimeDirectory } from './hub.ts';
import { LabError } from './lab-error.ts';
import { type Argv, cleanEnvironment, spawnCommand } from './process.ts';
import { identifyProcess, isAlive, killAndWait, type ProcessId } from './process-id.ts';

/** What start-host.sh and host.sh are told. */
export interface BootOrder {
  readonly name: string;
  readonly template: 'full' | 'mini';
  /** What becomes /usr, seen from inside the lab. */
  readonly usr: string;
  readonly service: 'sshd' | 'dropbear' | 'none' | 'systemd';
  readonly diskMiB: number;
  /** A control group of its own, seen from inside the lab; null: it stays in the lab's. */
  readonly cgroup: string | null;
  /** Lines in the verbs of host.sh. */
  readonly lines: readonly string[];
}

const BOOT_TIMEOUT_MS = 60_000;

/**
 * Boots a host and resolves with its first process when its SSH server listens. `plug` runs once that process and its
 * namespaces are there, before it mounts anything or sets up its network. Throws `LabError`; then nothing of it runs.
 */
export async function bootHost(
  hub: Hub,
  order: BootOrder,
  plug: (id: ProcessId) => Promise<void>,
): Promise<ProcessId> {
  // Orders go by descriptor 3: Node closes standard input when the launcher ends, which is before pid 1 has read it.
  const launcher = spawnCommand(hub.inLab(launchCommand(hub, order)), {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: cleanEnvironment(),
  });
  const { stdout, stderr, stdio } = launcher;
  const orders = stdio[3];
  if (stdout === null || !(orders instanceof Writable)) throw new LabError('no pipes');
  orders.on('error', () => undefined);
  let complaints = '';
  stderr?.on('data', (chunk: Buffer) => {
    complaints += chunk.toString('utf8');
  });
  const timer = setTimeout(() => {
    complaints += `not up after ${BOOT_TIMEOUT_MS} ms\n`;
    stdout.destroy();
  }, BOOT_TIMEOUT_MS);

  let id: ProcessId | null = null;
  try {
    for await (const line of createInterface({ input: stdout })) {
      const pid = /^pid (\d+)$/.exec(line)?.[1];
      if (pid !== undefined) {
        id = identifyProcess(Number(pid));
        await plug(id);
        orders.end(['go', ...order.lines, 'end', ''].join('\n'));
      }
      if (line === 'up' && id !== null) return id;
      if (line === 'down') break; // systemd lives on without a network
    }
    const log = await readConsole(hub, order.name);
    throw new LabError(`${order.name} did not boot: ${complaints}${log.slice(-2000)}`.trim());
  } catch (error) {
    if (id !== null && isAlive(id)) await killAndWait(id);
    throw error;
  } finally {
    clearTimeout(timer);
    for (const stream of stdio) stream?.destroy();
  }
}

/** What a host's boots printed. */
export async function readConsole(hub: Hub, name: string): Promise<string> {
  return await readFile(`${hub.disks}/console/${name}`, 'utf8').catch(() => '');
}

function launchCommand(hub: Hub, order: BootOrder): Argv {
  const { name, template, usr, service, diskMiB, cgroup } = order;
  const { privilege } = hub;
  const user =
    privilege.kind === 'root'
      ? []
      : ['-U', `--map-user=${privilege.uid}`, `--map-group=${privilege.gid}`, '--keep-caps'];
  return [
    ...(['sh', join(runtimeDirectory, 'start-host.sh')] as const),
    ...[`${hub.directory}/disks`, runtimeDirectory, name, template, usr, service, String(diskMiB)],
    cgroup ?? '-',
    ...user,
  ];
}
