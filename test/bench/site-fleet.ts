import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { Inventory } from '../../src/inventory/model.ts';
import { labPlanFor } from '../../src/lab/inventory-plan.ts';
import { type Lab, startLab } from '../../src/lab/lab.ts';
import { repositoryScript, siteLab } from '../e2e/site-lab.ts';
import { environmentOf, repository } from './bench-fleet.ts';
import type { Cost, Meter } from './meter.ts';

/**
 * What else a Debian host has: directories of its packages, which Ansible would make with the mode and owner of what is
 * below them; and a crontab(1), which Ansible's cron looks for, even where it writes to /etc/cron.d.
 */
const debian = `
mkdir -p /etc/ssl /var/backups /var/lib/php
printf '#!/bin/sh\\n' >/usr/local/bin/crontab
chmod 755 /usr/local/bin/crontab
`;

/** The hosts of inventory/site.yaml, with systemd and packages to install, as their installer left them. */
export class SiteFleet implements AsyncDisposable {
  readonly lab: Lab;
  readonly inventory: Inventory;
  /** The inventory's file, which names no playbook. */
  readonly file: string;
  readonly #meter: Meter;
  readonly #group: string | null;

  private constructor(
    lab: Lab,
    group: string | null,
    inventory: Inventory,
    file: string,
    meter: Meter,
  ) {
    this.lab = lab;
    this.inventory = inventory;
    this.file = file;
    this.#meter = meter;
    this.#group = group;
  }

  static async start(meter: Meter): Promise<SiteFleet> {
    const shipped = await readFile(join(repository, 'inventory', 'site.yaml'), 'utf8');
    const text = shipped.replace(/^playbook:.*\n/m, '');
    const inventory = await loadInventory({ argument: '-', stdin: text });
    const kinds = Object.fromEntries(
      [...inventory.hosts.keys()].map((n) => [n, 'systemd' as const]),
    );
    const plan = siteLab(labPlanFor(inventory, { kinds, forwarding: true }), { isSpied: false });
    const lab = await startLab(plan);
    const file = join(lab.directory, 'inventory.yaml');
    await writeFile(file, text);
    const fleet = new SiteFleet(lab, await groupOf(lab), inventory, file, meter);
    await Promise.all(
      fleet.names.map(async (name) => {
        const made = await lab.host(name).exec(['sh', '-ec', repositoryScript + debian]);
        if (made.code !== 0) throw new Error(`${name}: ${made.stderr}`);
      }),
    );
    return fleet;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.down();
  }

  get names(): readonly string[] {
    return [...this.inventory.hosts.keys()];
  }

  /** Runs a command on the controller; tells what it cost, and what it printed. Throws as `Meter.run`. */
  async run(
    argv: readonly [string, ...string[]],
    options: { readonly env?: NodeJS.ProcessEnv; readonly mustSay?: RegExp } = {},
  ): Promise<{ readonly cost: Cost; readonly stdout: string }> {
    const { mustSay = /^/ } = options;
    const env = { ...environmentOf(this.lab), ...options.env };
    let stdout = '';
    const cost = await this.#meter.run(
      argv,
      async (inside) => {
        const ended = await this.lab.run(inside, {
          env,
          timeoutMs: 1_200_000,
          cwd: this.lab.directory,
        });
        stdout = ended.stdout;
        return ended;
      },
      { hosts: this.#group, mustSay },
    );
    return { cost, stdout };
  }
}

/** The control group that the lab makes for its hosts with systemd; null: this machine has none. */
async function groupOf({ hubPid }: Lab): Promise<string | null> {
  for (const top of ['/sys/fs/cgroup', '/sys/fs/cgroup/unified']) {
    const names = await readdir(top).catch(() => []);
    const own = names.find((name) => name.startsWith(`xpush-lab-${hubPid}-`));
    if (own !== undefined) return join(top, own);
  }
  return null;
}
