import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPlan } from './check-plan.ts';
import { Machine, type Site } from './host.ts';
import { type Hub, runtimeDirectory, startHub } from './hub.ts';
import { createSshKeyPair } from './keys.ts';
import type { Lab, LabHost } from './lab.ts';
import { LabError } from './lab-error.ts';
import { type LabFile, type LabPlan, resolveNics } from './plan.ts';
import { forEachLimited } from './pool.ts';
import { type ProbeRequest, type ProbeResult, probe } from './probe.ts';
import {
  type Argv,
  type CommandOptions,
  type CommandResult,
  mustRun,
  runCommand,
  spawnCommand,
} from './process.ts';
import { composeKnownHosts, composeSshConfig } from './ssh-files.ts';
import { composeDom0Disk } from './vif.ts';
import { findVifScripts } from './vif-scripts.ts';
import { cutWire, healWire } from './wire.ts';

/** How a lab is kept. */
export interface LabOptions {
  /** `true`: it outlives this process, until `down`. Default: it ends with this process, however that ends. */
  readonly detached?: boolean;
  /** Where its directory is made. Default: the system's directory for temporary files. */
  readonly parent?: string;
  /** Default: Xen's own vif-route where it can be had. `stand-in`: ours, in any case. */
  readonly vifScripts?: 'stand-in';
}

/** Starts a lab and resolves when every host is up. Throws `LabError`; then nothing of it is left. */
export async function startLab(plan: LabPlan, options: LabOptions = {}): Promise<Lab> {
  checkPlan(plan);
  const parent = await realpath(options.parent ?? tmpdir());
  const directory = await mkdtemp(join(parent, 'xpush-lab-'));
  let lab: RunningLab | null = null;
  try {
    await mkdir(join(directory, 'disks'));
    const hub = await startHub(directory, options.detached ? 'detached' : 'attached');
    lab = new RunningLab(hub, plan, options);
    await lab.up();
    return lab;
  } catch (error) {
    await lab?.down();
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

class RunningLab implements Lab, Site {
  readonly hub: Hub;
  readonly hosts: readonly Machine[];
  readonly limits: string[] = [];
  readonly #plan: LabPlan;
  readonly #options: LabOptions;
  readonly #userKeys = createSshKeyPair('xpush-lab');
  readonly #children = new Set<ChildProcess>();
  #ports = 0;
  #miniUsr: Promise<string> | null = null;
  #dom0Files: Promise<Readonly<Record<string, LabFile>>> | null = null;

  constructor(hub: Hub, plan: LabPlan, options: LabOptions) {
    this.hub = hub;
    this.#options = options;
    this.#plan = plan;
    this.hosts = plan.hosts.map(
      (host, position) =>
        new Machine(this, host, resolveNics(host, position), createSshKeyPair(`root@${host.name}`)),
    );
  }

  get directory(): string {
    return this.hub.directory;
  }
  get identity(): string {
    return join(this.directory, 'id_ed25519');
  }
  get knownHosts(): string {
    return join(this.directory, 'known_hosts');
  }
  get sshConfig(): string {
    return join(this.directory, 'ssh_config');
  }
  get hubPid(): number {
    return this.hub.id.pid;
  }
  get authorizedKey(): string {
    return `${this.#userKeys.publicLine} xpush-lab`;
  }

  host(name: string): LabHost {
    const host = this.findHost(name);
    if (host === undefined) throw new LabError(`the lab has no host ${name}`);
    return host;
  }

  findHost(name: string): Machine | undefined {
    return this.hosts.find((host) => host.name === name);
  }

  bridgeOf(segment: string): string {
    return `seg${this.#plan.segments.findIndex(({ name }) => name === segment)}`;
  }

  nextPort(): string {
    this.#ports += 1;
    return `port${this.#ports}`;
  }

  async usrOf(kind: 'full' | 'mini'): Promise<string> {
    if (kind === 'full') return '/usr';
    this.#miniUsr ??= this.#makeMiniTemplate();
    return await this.#miniUsr;
  }

  dom0Files(): Promise<Readonly<Record<string, LabFile>>> {
    this.#dom0Files ??= findVifScripts(this.#options.vifScripts).then(({ origin, files }) => {
      if (origin === 'stand-in') {
        this.limits.push(
          "vif-route: a stand-in, as Xen's own (xen-utils-common) can't be had here",
        );
      }
      return composeDom0Disk(files);
    });
    return this.#dom0Files;
  }

  async up(): Promise<void> {
    await Promise.all([this.#writeSshFiles(), this.#buildSegments()]);
    const isGuest = (host: Machine): boolean => host.nics.some((nic) => nic.link.kind === 'vif');
    const limit = availableParallelism() * 2;
    await forEachLimited(
      this.hosts.filter((host) => !isGuest(host)),
      limit,
      (host) => host.boot(),
    );
    await forEachLimited(this.hosts.filter(isGuest), limit, (host) => host.boot());
  }

  async flushNeighbours(): Promise<void> {
    const running = this.hosts.filter((host) => host.isRunning);
    await Promise.all(
      [this.hubPid, ...running.map((host) => host.pid)].map((pid) =>
        this.hub.ip(['neigh flush all'], pid),
      ),
    );
  }

  run(argv: Argv, options: CommandOptions = {}): Promise<CommandResult> {
    return runCommand(this.hub.inNetwork(argv), options);
  }

  spawn(argv: Argv, options: SpawnOptions = {}): ChildProcess {
    const child = spawnCommand(this.hub.inNetwork(argv), options);
    this.#children.add(child);
    child.once('close', () => this.#children.delete(child));
    return child;
  }

  async cut(host: string, iface?: string): Promise<void> {
    await cutWire(this.#machine(host).wire(iface));
  }

  async heal(host: string, iface?: string): Promise<void> {
    await healWire(this.#machine(host).wire(iface));
    await this.flushNeighbours();
  }

  probe(requests: readonly ProbeRequest[]): Promise<readonly ProbeResult[]> {
    return probe((argv) => this.hub.inNetwork(argv), requests);
  }

  async down(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await this.hub.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
  }

  #machine(name: string): Machine {
    const machine = this.findHost(name);
    if (machine === undefined) throw new LabError(`the lab has no host ${name}`);
    return machine;
  }

  async #writeSshFiles(): Promise<void> {
    await writeFile(this.identity, this.#userKeys.openssh, { mode: 0o600 });
    await writeFile(`${this.identity}.pub`, `${this.authorizedKey}\n`);
    await writeFile(this.knownHosts, composeKnownHosts(this.hosts));
    await writeFile(this.sshConfig, composeSshConfig(this.hosts, this));
  }

  async #buildSegments(): Promise<void> {
    const lines = this.#plan.segments.flatMap(({ name, controller = [] }) => {
      const bridge = this.bridgeOf(name);
      return [
        `link add ${bridge} type bridge forward_delay 0 stp_state 0 mcast_snooping 0`,
        ...controller.map((address) =>
          address.includes(':')
            ? `addr add ${address} dev ${bridge} nodad`
            : `addr add ${address} broadcast + dev ${bridge}`,
        ),
        `link set ${bridge} up`,
      ];
    });
    const gateway = this.#plan.controllerGateway;
    await this.hub.ip([
      ...lines,
      ...(gateway === undefined ? [] : [`route add default via ${gateway}`]),
    ]);
  }

  async #makeMiniTemplate(): Promise<string> {
    const template = `${this.directory}/disks/template/mini`;
    await mustRun(this.hub.inLab(['sh', join(runtimeDirectory, 'template-mini.sh'), template]));
    return `${template}.usr`;
  }
}
