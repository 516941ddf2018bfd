import { setTimeout as pause } from 'node:timers/promises';
import { ConnectionError, type Transport } from '../../src/connection/transport.ts';
import type { Inventory } from '../../src/inventory/model.ts';
import { labPlanFor, surroundings } from '../../src/lab/inventory-plan.ts';
import { type Lab, type LabPlan, startLab } from '../../src/lab/lab.ts';
import { execOf } from '../engine/shell-connection.ts';
import type { PlayedFleet } from './play-on-fleet.ts';

/** Of an installed Debian, and a modprobe that knows one module: a lab loads none. */
const files = {
  '/etc/default/useradd': 'SHELL=/bin/sh\n',
  '/etc/apt/sources.list.d/none.list': '',
  '/usr/local/sbin/modprobe': {
    content: `#!/bin/sh
case "$*" in "-n xpush-one") exit 0 ;; "-n "*) exit 1 ;; esac
echo "$*" >>/run/modprobe-asked
`,
    mode: 0o755,
  },
};

/** The hosts of an inventory in a lab: systemd runs those that have nothing to do with Xen; `small` is busybox. */
export function labOf(inventory: Inventory): LabPlan {
  const plain = [...inventory.hosts.values()].filter(({ kind }) => kind === 'host');
  const kinds = Object.fromEntries(
    plain.map(({ name }) => [name, name === 'small' ? ('mini' as const) : ('systemd' as const)]),
  );
  const { far, client, router } = surroundings(inventory);
  const plan = labPlanFor(inventory, { kinds });
  return {
    ...plan,
    hosts: plan.hosts
      .filter(({ name }) => ![far, client, router].includes(name))
      .map((host) => ({
        ...host,
        files: { ...host.files, ...files },
        packages: host.kind === 'systemd' ? ['cron'] : [],
      })),
  };
}

/** Hosts of a lab, by their consoles. */
export class LabFleet implements PlayedFleet {
  readonly lab: Lab;
  readonly #programs = new Map<string, number>();
  readonly transport: Transport = {
    connect: async ({ name, address }) => ({
      exec: async (command) => {
        if (!this.lab.host(name).isRunning) throw new ConnectionError('network', 'it is off');
        return this.#start(name, address, command);
      },
      close: async () => {},
    }),
    close: async () => {},
  };

  private constructor(lab: Lab) {
    this.lab = lab;
  }

  static async start(inventory: Inventory): Promise<LabFleet> {
    const lab = await startLab(labOf(inventory));
    const fleet = new LabFleet(lab);
    for (const { name, kind } of lab.hosts) if (kind === 'systemd') await fleet.#prepare(name);
    return fleet;
  }

  programsOf(host: string): number {
    return this.#programs.get(host) ?? 0;
  }

  /** What a line of shell prints there. Throws when it fails. */
  async sh(host: string, line: string): Promise<string> {
    const { code, stdout, stderr } = await this.lab.host(host).exec(['/bin/sh', '-ec', line]);
    if (code !== 0) throw new Error(`${line}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Until `isOver`, restarts a host whenever that has made `/run/restart-me`. */
  async restartAsAsked(host: string, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const { code } = await this.lab.host(host).exec(['test', '-e', '/run/restart-me']);
      if (code === 0) {
        await this.lab.host(host).reboot();
        await this.#prepare(host);
      }
      await pause(50);
    }
  }

  async #prepare(host: string): Promise<void> {
    // systemd reloads with more than 16 MiB free only; the package cron is unpacked, not set up
    await this.sh(host, 'mount -o remount,size=64m /run; mkdir -p /var/spool/cron/crontabs');
  }

  #start(name: string, address: string, command: string) {
    const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    const own = ['HOME=/root', `PATH=${path}`, `SSH_CONNECTION=10.9.0.10 40000 ${address} 22`];
    const child = this.lab
      .host(name)
      .spawn(['env', '-i', ...own, '/bin/sh', '-c', command], { stdio: 'pipe' });
    const exec = execOf(child);
    const write = exec.stdin.write.bind(exec.stdin);
    exec.stdin.write = (chunk: string | Buffer, ...rest: never[]) => {
      // else it is a part of a file
      if (typeof chunk === 'string') this.#programs.set(name, this.programsOf(name) + 1);
      return write(chunk, ...rest);
    };
    return exec;
  }
}
