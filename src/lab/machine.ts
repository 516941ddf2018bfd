import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { posix } from 'node:path';
import { bootHost, readConsole } from './boot-host.ts';
import { composeBootLines } from './boot-lines.ts';
import { makeCgroup, removeCgroup } from './cgroup.ts';
import { composeDisk, writeDisk } from './disk.ts';
import type { Hub } from './hub.ts';
import type { SshKeyPair } from './keys.ts';
import type { LabHost } from './lab.ts';
import { LabError } from './lab-error.ts';
import {
  type LabFile,
  type LabHostKind,
  type LabHostPlan,
  type ResolvedNic,
  withoutPrefix,
} from './plan.ts';
import { type Listener, listen, type ProbeRequest, type ProbeResult, probe } from './probe.ts';
import {
  type Argv,
  type CommandOptions,
  type CommandResult,
  collectCommand,
  mustRun,
  runCommand,
  spawnCommand,
} from './process.ts';
import { isAlive, killAndWait, type ProcessId } from './process-id.ts';
import type { HostState } from './state.ts';
import type { UsrStore } from './usr.ts';
import { type Dom0Side, forgetGuest, plugVifs } from './vif.ts';
import { plugPorts, removeWires, type Wire } from './wire.ts';

/** What the hosts of one lab share. */
export interface Site {
  readonly hub: Hub;
  readonly hosts: readonly Machine[];
  /** The public key that may log in everywhere. */
  readonly authorizedKey: string;
  /** The bridge of a segment. */
  bridgeOf(segment: string): string;
  /** A device name not used before in the hub. */
  nextPort(): string;
  /** Lets those ask anew who asked for an address in vain a moment ago; they would be told "no route to host". */
  forgetUnresolved(): Promise<void>;
  readonly usr: UsrStore;
  /** What a dom0 has on its disk beyond other hosts. */
  dom0Files(): Promise<Readonly<Record<string, LabFile>>>;
  /** Stores what a boot or a stop changed, where the lab outlives this process. */
  save(): Promise<void>;
}

const SERVICES = { full: 'sshd', systemd: 'systemd', mini: 'dropbear', bare: 'none' } as const;
const DEFAULT_DISK_MIB = 64;
const { TERM = 'dumb' } = process.env;
const CONSOLE_ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
  TERM,
};

/** A host of a running lab. */
export class Machine implements LabHost {
  readonly plan: LabHostPlan;
  readonly nics: readonly ResolvedNic[];
  readonly hostKey: string;
  readonly #site: Site;
  /** Null when its disk is written already. */
  #keys: SshKeyPair | null;
  #id: ProcessId | null;
  #wires: readonly Wire[];
  #lastDomid: number;
  #domid: number;

  /** `origin`: the keys of a host that is new, or the state of one that another process started. */
  constructor(
    site: Site,
    plan: LabHostPlan,
    nics: readonly ResolvedNic[],
    origin: SshKeyPair | HostState,
  ) {
    this.#site = site;
    this.plan = plan;
    this.nics = nics;
    const state = 'hostKey' in origin ? origin : null;
    this.#keys = 'hostKey' in origin ? null : origin;
    this.hostKey = 'hostKey' in origin ? origin.hostKey : origin.publicLine;
    this.#id = state?.id ?? null;
    this.#wires = state?.wires ?? [];
    this.#lastDomid = state?.lastDomid ?? 0;
    this.#domid = state?.domid ?? 0;
  }

  get name(): string {
    return this.plan.name;
  }

  get kind(): LabHostKind {
    return this.plan.kind ?? 'full';
  }

  get addresses(): readonly string[] {
    return this.nics.flatMap((nic) => nic.addresses.map(withoutPrefix));
  }

  get isRunning(): boolean {
    return this.#id !== null && isAlive(this.#id);
  }

  get isGuest(): boolean {
    return this.nics.some((nic) => nic.link.kind === 'vif');
  }

  /** Of a guest: who gives it its vifs. */
  get dom0Name(): string | null {
    return this.#dom0()?.name ?? null;
  }

  get pid(): number {
    if (this.#id === null) throw new LabError(`${this.name} is off`);
    return this.#id.pid;
  }

  get state(): HostState {
    return {
      name: this.name,
      hostKey: this.hostKey,
      id: this.#id,
      wires: this.#wires,
      lastDomid: this.#lastDomid,
      domid: this.#domid,
    };
  }

  async exec(argv: Argv, options: CommandOptions = {}): Promise<CommandResult> {
    return await runCommand(this.#inHost(argv), {
      ...options,
      env: { ...CONSOLE_ENVIRONMENT, ...options.env },
    });
  }

  spawn(argv: Argv, options: SpawnOptions = {}): ChildProcess {
    return spawnCommand(this.#inHost(argv), {
      ...options,
      env: { ...CONSOLE_ENVIRONMENT, ...options.env },
    });
  }

  async readFile(path: string): Promise<Buffer> {
    const { code, stdout, stderr } = await collectCommand(this.#inHost(['cat', '--', path]), {
      env: CONSOLE_ENVIRONMENT,
    });
    if (code !== 0) throw new LabError(`${this.name}: ${stderr.trim()}`);
    return stdout;
  }

  async writeFile(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
    const script = '{ [ -d "$3" ] || mkdir -p -- "$3"; } && cat >"$1" && chmod "$2" "$1"';
    const words = [path, mode.toString(8), posix.dirname(path)];
    const argv = this.#inHost(['sh', '-c', script, 'sh', ...words]);
    await mustRun(argv, { input: content, env: CONSOLE_ENVIRONMENT });
  }

  async probe(requests: readonly ProbeRequest[]): Promise<readonly ProbeResult[]> {
    const { pid } = this;
    const { hub } = this.#site;
    return await probe((argv) => hub.inHostNetwork(pid, argv), requests, hub.probeTimeoutMs);
  }

  async listen(
    endpoints: readonly { readonly address: string; readonly port: number }[],
  ): Promise<Listener> {
    const { pid } = this;
    return await listen((argv) => this.#site.hub.inHostNetwork(pid, argv), endpoints);
  }

  readConsole(): Promise<string> {
    return readConsole(this.#site.hub, this.name);
  }

  /** The cable or vif of an interface. Default: of the first one. */
  wire(iface?: string): Wire {
    const wire = iface === undefined ? this.#wires[0] : this.#wires.find((w) => w.iface === iface);
    if (wire === undefined) throw new LabError(`${this.name} has no ${iface ?? 'interface'}`);
    return wire;
  }

  async stop(): Promise<void> {
    await this.#halt();
    await this.#site.save();
  }

  /** Power off for good, where the end of the hub would leave control groups in the machine. */
  async release(): Promise<void> {
    if (this.kind !== 'systemd' || !isAlive(this.#site.hub.id)) return;
    if (this.#id !== null) await killAndWait(this.#id);
    await removeCgroup(this.#site.hub, this.name);
  }

  async start(): Promise<void> {
    if (this.isRunning) throw new LabError(`${this.name} is on`);
    await this.boot();
    await Promise.all([this.#site.forgetUnresolved(), this.#site.save()]);
  }

  async reboot(): Promise<void> {
    const guests = this.#runningGuests();
    await this.#halt();
    await this.boot();
    await Promise.all(guests.map((guest) => guest.boot()));
    await Promise.all([this.#site.forgetUnresolved(), this.#site.save()]);
  }

  /** `start` without telling the others. */
  async boot(): Promise<void> {
    const { hub, usr } = this.#site;
    const { packages = [] } = this.plan;
    const template = this.kind === 'mini' ? 'mini' : 'full';
    const order = {
      name: this.name,
      template,
      usr: await (template === 'mini' ? usr.mini() : usr.full(packages)),
      service: SERVICES[this.kind],
      diskMiB: this.plan.diskMiB ?? DEFAULT_DISK_MIB,
      cgroup: this.kind === 'systemd' ? await makeCgroup(hub, this.name) : null,
      lines: composeBootLines(this.plan, this.nics),
    } as const;
    this.#lastDomid = 0;
    this.#id = await bootHost(hub, order, async ({ pid }) => {
      if (this.#keys !== null) await this.#install(this.#keys);
      this.#wires = [
        ...(await plugPorts(hub, pid, this.nics, this.#site)),
        ...(await this.#plugVifs(pid)),
      ];
    });
  }

  async #halt(): Promise<void> {
    const id = this.#id;
    if (id === null) return;
    await Promise.all(this.#runningGuests().map((guest) => guest.#halt()));
    await removeWires(this.#site.hub, this.#wires);
    this.#wires = [];
    await killAndWait(id);
    if (this.kind === 'systemd') await removeCgroup(this.#site.hub, this.name);
    this.#id = null;
    const dom0 = this.#dom0();
    if (dom0?.isRunning) await forgetGuest(this.#site.hub, dom0.#dom0Side, this.#domid);
  }

  async #install(keys: SshKeyPair): Promise<void> {
    const { hub, authorizedKey } = this.#site;
    const common = this.plan.dom0 === undefined ? {} : await this.#site.dom0Files();
    const own = composeDisk(this.plan, this.nics, keys, authorizedKey);
    await this.#site.usr.configure(this.name, this.plan.packages ?? []);
    const disk = `${hub.disks}/hosts/${this.name}`;
    const isRoot = hub.privilege.kind === 'root';
    await writeDisk(disk, { ...common, ...own }, this.plan.shells ?? {}, isRoot);
    this.#keys = null;
  }

  async #plugVifs(pid: number): Promise<readonly Wire[]> {
    const dom0 = this.#dom0();
    if (dom0 === undefined) return [];
    dom0.#lastDomid += 1;
    this.#domid = dom0.#lastDomid;
    const guest = { name: this.name, pid, domid: this.#domid };
    return await plugVifs(this.#site.hub, dom0.#dom0Side, guest, this.nics);
  }

  get #dom0Side(): Dom0Side {
    const { uplink = 'eth0', antispoof = 'rp_filter' } = this.plan.dom0 ?? {};
    return { name: this.name, pid: this.pid, uplink, antispoof };
  }

  /** Of a guest: the machine that gives it its vifs. */
  #dom0(): Machine | undefined {
    const vif = this.nics.map((nic) => nic.link).find((link) => link.kind === 'vif');
    return this.#site.hosts.find((host) => host.name === vif?.dom0);
  }

  #runningGuests(): readonly Machine[] {
    return this.#site.hosts.filter((host) => host.isRunning && host.#dom0() === this);
  }

  #inHost(argv: Argv): Argv {
    return this.#site.hub.inHost(this.pid, argv);
  }
}
