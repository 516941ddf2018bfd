import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { Inventory } from '../../src/inventory/model.ts';
import { type InventoryPlanOptions, labPlanFor } from '../../src/lab/inventory-plan.ts';
import { type Lab, type LabPlan, startLab } from '../../src/lab/lab.ts';
import type { JsonDocument, JsonHost } from '../../src/report/json-document.ts';

const repository = join(import.meta.dirname, '..', '..');
const program = join(repository, 'bin', 'xpush');

/** XPUSH_TEST_TRANSPORT=openssh has all of these tests go by the user's own ssh. */
const { XPUSH_TEST_TRANSPORT: usualTransport } = process.env;

/** What a run of the CLI came to. */
export interface CliRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run with `-o json`. */
export interface JsonRun extends CliRun {
  readonly document: JsonDocument;
}

/** All of a host that a push may touch: the files with their bytes' hashes, inodes and times, and the live state. */
export interface Snapshot {
  readonly files: string;
  readonly live: string;
}

export interface FleetOptions extends InventoryPlanOptions {
  /** Changes the plan before the lab is built. */
  readonly adapt?: (plan: LabPlan) => LabPlan;
  /** For `--transport`; default is XPUSH_TEST_TRANSPORT, or what the inventory says. */
  readonly transport?: string;
}

/** An inventory, its lab, and the real CLI on the controller. */
export class Fleet implements AsyncDisposable {
  readonly lab: Lab;
  readonly inventory: Inventory;
  /** The inventory's file. */
  readonly file: string;
  readonly #transport: string | undefined;

  private constructor(
    lab: Lab,
    inventory: Inventory,
    file: string,
    transport: string | undefined = usualTransport,
  ) {
    this.lab = lab;
    this.inventory = inventory;
    this.file = file;
    this.#transport = transport;
  }

  static async start(text: string, options: FleetOptions = {}): Promise<Fleet> {
    const inventory = await loadInventory({ argument: '-', stdin: text });
    const plan = labPlanFor(inventory, options);
    const lab = await startLab(options.adapt?.(plan) ?? plan);
    const file = join(lab.directory, 'inventory.yaml');
    await writeFile(file, text);
    return new Fleet(lab, inventory, file, options.transport);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.down();
  }

  /** Writes a file beside the inventory and gives its path. */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.lab.directory, name);
    await writeFile(path, text);
    return path;
  }

  /** The command line and the environment of `xpush ARGS`, for `lab.spawn`. */
  command(...args: readonly string[]): {
    readonly argv: [string, ...string[]];
    readonly env: NodeJS.ProcessEnv;
  } {
    const { home: HOME, sshConfig: XPUSH_SSH_CONFIG } = this.lab;
    // Records of tests are no records of whoever runs them.
    const XDG_STATE_HOME = join(HOME, '.local', 'state');
    // The program need not be compiled in each lab anew: a third of a short run.
    const XDG_CACHE_HOME = join(repository, 'node_modules', '.cache', 'xpush-tests');
    const env = {
      ...process.env,
      ...{ HOME, XDG_STATE_HOME, XDG_CACHE_HOME, XPUSH_SSH_CONFIG, SSH_AUTH_SOCK: '' },
      ...(this.#transport === undefined ? {} : { XPUSH_TRANSPORT: this.#transport }),
    };
    return { argv: [process.execPath, program, ...args], env };
  }

  /** `xpush ARGS` as the controller's user would run it. */
  async xpush(...args: readonly string[]): Promise<CliRun> {
    const { argv, env } = this.command(...args);
    return await this.lab.run(argv, { env, timeoutMs: 50_000 });
  }

  /** `xpush apply INVENTORY -o json ARGS`. */
  async apply(...args: readonly string[]): Promise<JsonRun> {
    const run = await this.xpush('apply', this.file, '-o', 'json', ...args);
    return { ...run, document: documentOf(run) };
  }

  /** `apply`, which must end with 0. */
  async mustApply(...args: readonly string[]): Promise<JsonRun> {
    const run = await this.apply(...args);
    expect(run.code, run.stderr + run.stdout).toBe(0);
    return run;
  }

  async snapshot(host: string): Promise<Snapshot> {
    const console = this.lab.host(host);
    const [files, live] = await Promise.all([
      console.exec(['sh', '-ec', filesScript]),
      console.exec(['sh', '-ec', liveScript]),
    ]);
    expect([files.stderr, files.code, live.stderr, live.code]).toEqual(['', 0, '', 0]);
    return { files: files.stdout, live: live.stdout };
  }

  /** Snapshots of all the inventory's hosts, by name. */
  async snapshots(): Promise<Readonly<Record<string, Snapshot>>> {
    const names = [...this.inventory.hosts.keys()];
    const taken = await Promise.all(names.map((name) => this.snapshot(name)));
    return Object.fromEntries(names.map((name, index) => [name, taken[index] as Snapshot]));
  }

  /** How many SSH logins a host has accepted since it was installed. */
  async logins(host: string): Promise<number> {
    const log = await this.lab.host(host).readFile('/var/log/sshd.log');
    return log.toString('utf8').match(/Accepted publickey/g)?.length ?? 0;
  }
}

/** The text of a shipped inventory, `inventory/NAME.yaml`. */
export async function shippedInventory(name: string): Promise<string> {
  return await readFile(join(repository, 'inventory', `${name}.yaml`), 'utf8');
}

/** What `-o json` printed; standard output holds nothing else. */
export function documentOf({ stdout, stderr }: CliRun): JsonDocument {
  try {
    return JSON.parse(stdout) as JsonDocument;
  } catch {
    throw new Error(`no JSON document:\n${stdout}\n${stderr}`);
  }
}

/** The status of each host of a document. */
export function statuses({ hosts }: JsonDocument): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(hosts).map(([name, { status }]) => [name, status]));
}

/** A host of a document. */
export function hostIn({ hosts }: JsonDocument, name: string): JsonHost {
  const host = hosts[name];
  if (host === undefined) throw new Error(`the document has no host ${name}`);
  return host;
}

const filesScript = `
trees=
for tree in /etc /root /home /opt /srv /usr/local /var/lib; do [ ! -e "$tree" ] || trees="$trees $tree"; done
find $trees -exec stat -c '%N %f %u:%g %s %i %y' {} + | sort
find $trees -type f -exec sha256sum {} + | sort -k 2
`;

const liveScript = `
ip addr show
ip -4 rule show
ip -4 route show table all
for table in filter raw nat mangle; do iptables-save -t $table | sed -e '/^#/d' -e 's/ \\[[0-9]*:[0-9]*\\]//'; done
cat /proc/sys/net/ipv4/ip_forward
grep . /proc/sys/net/ipv4/conf/*/*
`;
