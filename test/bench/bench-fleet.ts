import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { Inventory } from '../../src/inventory/model.ts';
import { labPlanFor } from '../../src/lab/inventory-plan.ts';
import { type Lab, type LabPlan, startLab } from '../../src/lab/lab.ts';
import { forEachLimited } from '../../src/lab/pool.ts';
import type { Cost, Meter } from './meter.ts';

/** Top of the repository. */
export const repository = join(import.meta.dirname, '..', '..');
export const xpush = join(repository, 'bin', 'xpush');

/** Hosts at once, for everyone: xpush's own default. */
export const forks = 32;

/*
 * The lab's xl and xenstore-ls are shell scripts that run a cat for each entry, twenty programs where Xen has
 * three. These say what those said last. Where Xen's daemon would be, something sleeps under its name.
 */
const quickXen = `
list=$(xl list) info=$(xl info) vifs=$(xenstore-ls /local/domain/0/backend/vif)
cat >/run/xl <<END
#!/bin/sh
case \\$1 in list) printf '%s\\\\n' '$list' ;; info) printf '%s\\\\n' '$info' ;; esac
END
cat >/run/xenstore-ls <<END
#!/bin/sh
printf '%s\\\\n' '$vifs'
END
for tool in xl xenstore-ls; do cat "/run/$tool" >"/usr/local/sbin/$tool"; done
mkdir -p /run/xen
ln -sf "$(command -v sleep)" /run/xen/xenstored
/run/xen/xenstored infinity </dev/null >/dev/null 2>&1 &
echo $! >/run/xen/xenstored.pid
`;

/**
 * The inventory of `pairs` dom0s with one guest each: the guest has three addresses of one subnet and
 * is closed but for two ports, as in inventory/webserv.yaml.
 */
export function fleetText(pairs: number): string {
  const each = Array.from({ length: pairs }, (_, index) => index);
  const address = (block: number, index: number): string =>
    `10.0.${block + Math.floor(index / 200)}.${20 + (index % 200)}`;
  const guests = each.map((index) => {
    const vifs = [20, 30, 40].map((block) => `      - { ip: ${address(block, index)} }`);
    return `  web${index}:
    dom0: xen${index}
    names: iftab
    network_config: ifupdown
    vifs:
${vifs.join('\n')}
    allow:
      - { proto: tcp, ports: [80, 443], from_ports: ["1024-65535", 80, 443, 8080] }
`;
  });
  return `networks:
  lan: { subnet: 10.0.0.0/16, gateway: 10.0.0.1 }
dom0:
${each.map((index) => `  xen${index}: { address: ${address(10, index)}, uplink: eth0 }\n`).join('')}
domU:
${guests.join('')}`;
}

/** Dom0s and their guests, and the programs that are run against them from the controller. */
export class BenchFleet implements AsyncDisposable {
  readonly lab: Lab;
  readonly inventory: Inventory;
  readonly meter: Meter;
  readonly #group: string | null;

  private constructor(lab: Lab, inventory: Inventory, meter: Meter, group: string | null) {
    this.lab = lab;
    this.inventory = inventory;
    this.meter = meter;
    this.#group = group;
  }

  /** `hosts` are half dom0s and half guests, which are reached from the start: dom0s forward already. */
  static async start(
    meter: Meter,
    hosts: number,
    adapt: (plan: LabPlan) => LabPlan = (plan) => plan,
  ): Promise<BenchFleet> {
    const inventory = await loadInventory({ argument: '-', stdin: fleetText(hosts / 2) });
    const { lab, group } = await meter.start(() =>
      startLab(adapt(labPlanFor(inventory, { forwarding: true }))),
    );
    return new BenchFleet(lab, inventory, meter, group);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.down();
  }

  /** Writes a file for the controller and gives its path. */
  async write(name: string, text: string, mode = 0o644): Promise<string> {
    const path = join(this.lab.directory, name);
    await writeFile(path, text, { mode });
    return path;
  }

  /** Writes the inventory of the first `hosts` and gives its path. */
  async inventoryOf(hosts: number): Promise<string> {
    return await this.write(`inventory-${hosts}.yaml`, fleetText(hosts / 2));
  }

  /** Writes the names of the first `hosts`, one a line, and gives the path. */
  async namesOf(hosts: number): Promise<string> {
    return await this.write(`hosts-${hosts}`, `${this.names(hosts).join('\n')}\n`);
  }

  names(hosts: number): readonly string[] {
    return Array.from({ length: hosts }, (_, index) =>
      index < hosts / 2 ? `xen${index}` : `web${index - hosts / 2}`,
    );
  }

  /** Runs a command on the controller and tells what it cost it and the hosts. Throws as `Meter.run`. */
  async run(
    argv: readonly [string, ...string[]],
    options: { readonly env?: NodeJS.ProcessEnv; readonly mustSay?: RegExp } = {},
  ): Promise<Cost> {
    const { mustSay = /^/ } = options;
    const env = { ...environmentOf(this.lab), ...options.env };
    const runner = (inside: readonly [string, ...string[]]) =>
      this.lab.run(inside, { env, timeoutMs: 1_200_000, cwd: this.lab.directory });
    return await this.meter.run(argv, runner, { hosts: this.#group, mustSay });
  }

  /** `xpush apply` to the first `hosts`. */
  async apply(hosts: number, ...args: readonly string[]): Promise<Cost> {
    const inventory = await this.inventoryOf(hosts);
    return await this.run([process.execPath, xpush, 'apply', inventory, ...args]);
  }

  /** Makes all hosts as the inventory has them; Xen's tools are quick from then on. */
  async converge(): Promise<void> {
    await this.apply(this.inventory.hosts.size, '--no-confirm', '--serial', '100%');
    const dom0s = this.lab.hosts.filter(({ plan }) => plan.dom0 !== undefined);
    await forEachLimited(dom0s, forks, async (host) => {
      const { code, stderr } = await host.exec(['sh', '-ec', quickXen]);
      if (code !== 0) throw new Error(`${host.name}: ${stderr}`);
    });
  }

  /** `xpush apply` to the first `hosts`, which must find nothing to do. `nodeArgs` are node's own. */
  async applyAgain(hosts: number, nodeArgs: readonly string[] = []): Promise<Cost> {
    const inventory = await this.inventoryOf(hosts);
    const args = ['apply', inventory, '--serial', '100%'];
    const mustSay = /^Nothing to change: /m;
    return await this.run([process.execPath, ...nodeArgs, xpush, ...args], { mustSay });
  }

  /** How many logins the first `hosts` have accepted. */
  async logins(hosts: number): Promise<number> {
    const logs = await Promise.all(
      this.names(hosts).map((name) => this.lab.host(name).readFile('/var/log/sshd.log')),
    );
    return logs.reduce(
      (sum, log) => sum + (log.toString().match(/Accepted publickey/g)?.length ?? 0),
      0,
    );
  }
}

/** What programs on a lab's controller are run with. */
export function environmentOf({ home: HOME, sshConfig: XPUSH_SSH_CONFIG }: Lab): NodeJS.ProcessEnv {
  const { PATH } = process.env;
  const XDG_STATE_HOME = join(HOME, '.local', 'state');
  return { PATH, LANG: 'C.UTF-8', HOME, XDG_STATE_HOME, XPUSH_SSH_CONFIG };
}
