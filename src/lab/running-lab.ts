import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Hub } from './hub.ts';
import { Hypervisor } from './hypervisor.ts';
import { createSshKeyPair } from './keys.ts';
import type { Lab, LabHost } from './lab.ts';
import { LabError } from './lab-error.ts';
import { Machine, type Site } from './machine.ts';
import { type LabFile, type LabPlan, resolveNics } from './plan.ts';
import { forEachLimited } from './pool.ts';
import { describeLimits } from './privilege.ts';
import { type ProbeRequest, type ProbeResult, probe } from './probe.ts';
import {
  type Argv,
  type CommandOptions,
  type CommandResult,
  runCommand,
  spawnCommand,
} from './process.ts';
import { composeKnownHosts, composeSshConfig } from './ssh-files.ts';
import { type LabState, saveState } from './state.ts';
import { UsrStore } from './usr.ts';
import { composeDom0Disk } from './vif.ts';
import { findVifScripts } from './vif-scripts.ts';
import { cutWire, healWire } from './wire.ts';

/** A lab and the means to run it; `startLab` and `attachLab` make them. */
export class RunningLab implements Lab, Site {
  readonly hub: Hub;
  readonly hosts: readonly Machine[];
  readonly limits: string[];
  readonly usr: UsrStore;
  authorizedKey = '';
  readonly #plan: LabPlan;
  readonly #isStored: boolean;
  readonly #vifScripts: 'stand-in' | undefined;
  readonly #children = new Set<ChildProcess>();
  readonly #hypervisor: Hypervisor;
  #lastPort: number;
  #dom0Files: Promise<Readonly<Record<string, LabFile>>> | null = null;

  constructor(
    hub: Hub,
    plan: LabPlan,
    options: {
      readonly isStored: boolean;
      readonly vifScripts?: 'stand-in' | undefined;
      /** Of a lab that another process started. */
      readonly state?: LabState;
    },
  ) {
    const { state } = options;
    this.hub = hub;
    this.usr = new UsrStore(hub);
    this.#hypervisor = new Hypervisor(hub);
    this.#plan = plan;
    this.#isStored = options.isStored;
    this.#vifScripts = options.vifScripts;
    this.#lastPort = state?.lastPort ?? 0;
    this.limits = [...(state?.limits ?? describeLimits(hub.privilege))];
    this.hosts = plan.hosts.map((host, position) => {
      const known = state?.hosts.find(({ name }) => name === host.name);
      const origin = known ?? createSshKeyPair(`root@${host.name}`);
      return new Machine(this, host, resolveNics(host, position), origin);
    });
  }

  get directory(): string {
    return this.hub.directory;
  }
  get home(): string {
    return join(this.directory, 'home');
  }
  get identity(): string {
    return join(this.home, '.ssh', 'id_ed25519');
  }
  get knownHosts(): string {
    return join(this.home, '.ssh', 'known_hosts');
  }
  get sshConfig(): string {
    return join(this.home, '.ssh', 'config');
  }
  get hubPid(): number {
    return this.hub.id.pid;
  }

  host(name: string): LabHost {
    return this.#machine(name);
  }

  async up(): Promise<void> {
    await Promise.all([this.#writeSshFiles(), this.#buildSegments()]);
    const limit = availableParallelism() * 2;
    const boot = (host: Machine): Promise<void> => host.boot();
    await forEachLimited(
      this.hosts.filter((host) => !host.isGuest),
      limit,
      boot,
    );
    await forEachLimited(
      this.hosts.filter((host) => host.isGuest),
      limit,
      boot,
    );
    if (!this.#isStored) await this.#serveGuests();
    await this.save();
  }

  async run(argv: Argv, options: CommandOptions = {}): Promise<CommandResult> {
    return await runCommand(this.hub.inNetwork(argv), options);
  }

  spawn(argv: Argv, options: SpawnOptions = {}): ChildProcess {
    const child = spawnCommand(this.hub.inNetwork(argv), options);
    this.#children.add(child);
    child.once('close', () => this.#children.delete(child));
    return child;
  }

  async probe(requests: readonly ProbeRequest[]): Promise<readonly ProbeResult[]> {
    const { hub } = this;
    return await probe((argv) => hub.inNetwork(argv), requests, hub.probeTimeoutMs);
  }

  async cut(host: string, iface?: string): Promise<void> {
    await cutWire(this.hub, this.#machine(host).wire(iface));
  }

  async heal(host: string, iface?: string): Promise<void> {
    await healWire(this.hub, this.#machine(host).wire(iface));
    await this.forgetUnresolved();
  }

  async flushNeighbours(): Promise<void> {
    await this.#flush(this.#networks());
  }

  async forgetUnresolved(): Promise<void> {
    const isWaiting = await Promise.all(this.#networks().map(hasUnresolved));
    await this.#flush(this.#networks().filter((_, index) => isWaiting[index]));
  }

  async down(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    this.#hypervisor.close();
    await this.release();
    await this.hub.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Ends what the end of the hub would leave in the machine. */
  async release(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.release()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
  }

  bridgeOf(segment: string): string {
    return `seg${this.#plan.segments.findIndex(({ name }) => name === segment)}`;
  }

  nextPort(): string {
    this.#lastPort += 1;
    return `port${this.#lastPort}`;
  }

  async dom0Files(): Promise<Readonly<Record<string, LabFile>>> {
    this.#dom0Files ??= findVifScripts(this.#vifScripts).then(({ origin, files }) => {
      if (origin === 'stand-in') {
        this.limits.push("vif-route is a stand-in, as Xen's own (xen-utils-common) is not here");
      }
      return composeDom0Disk(files);
    });
    return await this.#dom0Files;
  }

  async save(): Promise<void> {
    if (!this.#isStored) return;
    await saveState(this.directory, {
      schema: 1,
      hub: this.hub.id,
      privilege: this.hub.privilege,
      plan: { ...this.#plan, hosts: this.#plan.hosts.map((host) => ({ ...host, files: {} })) },
      lastPort: this.#lastPort,
      limits: this.limits,
      hosts: this.hosts.map((host) => host.state),
    });
  }

  /** As long as this process lives, which is as long as the lab. */
  async #serveGuests(): Promise<void> {
    const dom0s = new Set(this.hosts.flatMap(({ dom0Name }) => dom0Name ?? []));
    const guestsOf = (name: string) => this.hosts.filter(({ dom0Name }) => dom0Name === name);
    await Promise.all([...dom0s].map((name) => this.#hypervisor.serve(name, guestsOf(name))));
  }

  /** A process of every network there is. */
  #networks(): readonly number[] {
    const running = this.hosts.filter((host) => host.isRunning);
    return [this.hubPid, ...running.map((host) => host.pid)];
  }

  async #flush(networks: readonly number[]): Promise<void> {
    const flush = async (pid: number): Promise<void> => await this.hub.ip(['neigh flush all'], pid);
    await forEachLimited(networks, availableParallelism() * 2, flush);
  }

  #machine(name: string): Machine {
    const machine = this.hosts.find((host) => host.name === name);
    if (machine === undefined) throw new LabError(`the lab has no host ${name}`);
    return machine;
  }

  async #writeSshFiles(): Promise<void> {
    const keys = createSshKeyPair('xpush-lab');
    this.authorizedKey = `${keys.publicLine} xpush-lab`;
    await mkdir(join(this.home, '.ssh'), { recursive: true, mode: 0o700 });
    await writeFile(this.identity, keys.openssh, { mode: 0o600 });
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
    if (gateway !== undefined) lines.push(`route add default via ${gateway}`);
    if (lines.length > 0) await this.hub.ip(lines);
  }
}

/** Whether somebody in this network asks for an address that nobody answers for: flags 0x0 in /proc/PID/net/arp. */
async function hasUnresolved(pid: number): Promise<boolean> {
  const table = await readFile(`/proc/${pid}/net/arp`, 'utf8').catch(() => '');
  return / 0x0 +00:00/.test(table);
}
