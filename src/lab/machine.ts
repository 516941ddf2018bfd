import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { composeDisk, setShells, writeDisk } from './disk.ts';
import { type Hub, runtimeDirectory } from './hub.ts';
import type { SshKeyPair } from './keys.ts';
import type { LabHost } from './lab.ts';
import { LabError } from './lab-error.ts';
import { type LabFile, type LabHostPlan, type ResolvedNic, withoutPrefix } from './plan.ts';
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
import { identifyProcess, isAlive, killAndWait, type ProcessId } from './process-id.ts';
import { type Dom0Side, forgetGuest, plugVifs } from './vif.ts';
import { removeWires, type Wire } from './wire.ts';

/** What the hosts of one lab share. */
export interface Site {
  readonly hub: Hub;
  /** The public key that may log in everywhere. */
  readonly authorizedKey: string;
  /** The bridge of a segment. */
  bridgeOf(segment: string): string;
  /** A device name not used before in the hub. */
  nextPort(): string;
  readonly hosts: readonly Machine[];
  findHost(name: string): Machine | undefined;
  /** As in `Lab`. */
  flushNeighbours(): Promise<void>;
  /** The directory of /usr for this kind of host, seen from inside the lab; made when it is first asked for. */
  usrOf(kind: 'full' | 'mini'): Promise<string>;
  /** What a dom0 has on its disk beyond other hosts. */
  dom0Files(): Promise<Readonly<Record<string, LabFile>>>;
}

const BOOT_TIMEOUT_MS = 60_000;
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
  readonly #keys: SshKeyPair;
  #id: ProcessId | null = null;
  #isInstalled = false;
  #wires: readonly Wire[] = [];
  /** Of a dom0: the last domain id given out. */
  #lastDomid = 0;
  /** Of a guest: its present domain id. */
  #domid = 0;

  constructor(site: Site, plan: LabHostPlan, nics: readonly ResolvedNic[], keys: SshKeyPair) {
    this.#site = site;
    this.plan = plan;
    this.nics = nics;
    this.#keys = keys;
    this.hostKey = keys.publicLine;
  }

  get name(): string {
    return this.plan.name;
  }

  get kind(): 'full' | 'mini' | 'bare' {
    return this.plan.kind ?? 'full';
  }

  get addresses(): readonly string[] {
    return this.nics.flatMap((nic) => nic.addresses.map(withoutPrefix));
  }

  get isRunning(): boolean {
    return this.#id !== null && isAlive(this.#id);
  }

  get pid(): number {
    if (this.#id === null) throw new LabError(`${this.name} is off`);
    return this.#id.pid;
  }

  exec(argv: Argv, options: CommandOptions = {}): Promise<CommandResult> {
    return runCommand(this.#site.hub.inHost(this.pid, argv), withConsole(options));
  }

  spawn(argv: Argv, options: SpawnOptions = {}): ChildProcess {
    return spawnCommand(this.#site.hub.inHost(this.pid, argv), {
      ...options,
      env: { ...CONSOLE_ENVIRONMENT, ...options.env },
    });
  }

  async readFile(path: string): Promise<Buffer> {
    const argv = this.#site.hub.inHost(this.pid, ['cat', '--', path]);
    const { code, stdout, stderr } = await collectCommand(argv, { env: CONSOLE_ENVIRONMENT });
    if (code !== 0) throw new LabError(`${this.name}: ${stderr.trim()}`);
    return stdout;
  }

  async writeFile(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
    const script = 'mkdir -p -- "$(dirname -- "$1")" && cat >"$1" && chmod "$2" "$1"';
    const argv: Argv = ['sh', '-c', script, 'sh', path, mode.toString(8)];
    await mustRun(this.#site.hub.inHost(this.pid, argv), {
      input: content,
      env: CONSOLE_ENVIRONMENT,
    });
  }

  probe(requests: readonly ProbeRequest[]): Promise<readonly ProbeResult[]> {
    return probe((argv) => this.#site.hub.inHostNetwork(this.pid, argv), requests);
  }

  listen(
    endpoints: readonly { readonly address: string; readonly port: number }[],
  ): Promise<Listener> {
    return listen((argv) => this.#site.hub.inHostNetwork(this.pid, argv), endpoints);
  }

  wire(iface?: string): Wire {
    const wire = iface === undefined ? this.#wires[0] : this.#wires.find((w) => w.iface === iface);
    if (wire === undefined) throw new LabError(`${this.name} has no ${iface ?? 'interface'}`);
    return wire;
  }

  /** A dom0 as its guests' vifs need it. */
  get dom0Side(): Dom0Side {
    return {
      name: this.name,
      pid: this.pid,
      uplink: this.plan.dom0?.uplink ?? 'eth0',
      antispoof: this.plan.dom0?.antispoof ?? 'rp_filter',
    };
  }

  async reboot(): Promise<void> {
    const guests = this.#runningGuests();
    await this.stop();
    await this.boot();
    await Promise.all(guests.map((guest) => guest.boot()));
    await this.#site.flushNeighbours();
  }

  async start(): Promise<void> {
    if (this.isRunning) throw new LabError(`${this.name} is on`);
    await this.boot();
    await this.#site.flushNeighbours();
  }

  async stop(): Promise<void> {
    const id = this.#id;
    if (id === null) return;
    await Promise.all(this.#runningGuests().map((guest) => guest.stop()));
    await removeWires(this.#site.hub, this.#wires);
    this.#wires = [];
    await killAndWait(id);
    this.#id = null;
    const dom0 = this.#dom0();
    if (dom0?.isRunning) await forgetGuest(this.#site.hub, dom0.dom0Side, this.#domid);
  }

  /** `start` without telling the others. */
  async boot(): Promise<void> {
    const { hub } = this.#site;
    const kind = this.kind === 'mini' ? 'mini' : 'full';
    const service = { full: 'sshd', mini: 'dropbear', bare: 'none' }[this.kind];
    const usr = await this.#site.usrOf(kind);
    const child = spawnCommand(
      hub.inLab([
        ...(['sh', join(runtimeDirectory, 'start-host.sh')] as const),
        ...[`${hub.directory}/disks`, runtimeDirectory, this.name, kind, usr, service],
        String(this.plan.diskMiB ?? 64),
      ]),
      // Orders don't go by standard input: Node closes that when the launcher ends, and pid 1 has not read it yet.
      { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] },
    );
    let complaints = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      complaints += chunk.toString('utf8');
    });
    const orders = child.stdio[3];
    if (child.stdout === null || !(orders instanceof Writable)) throw new LabError('no pipes');
    orders.on('error', () => undefined);
    const timer = setTimeout(() => {
      complaints += `not up after ${BOOT_TIMEOUT_MS} ms. `;
      child.stdout?.destroy();
      if (this.#id !== null) void killAndWait(this.#id);
    }, BOOT_TIMEOUT_MS);
    let isUp = false;
    for await (const line of createInterface({ input: child.stdout })) {
      const pid = /^pid (\d+)$/.exec(line)?.[1];
      if (pid !== undefined) {
        this.#id = identifyProcess(Number(pid));
        this.#lastDomid = 0;
        try {
          await this.#prepare(Number(pid));
        } catch (error) {
          await killAndWait(this.#id);
          throw error;
        }
        orders.end(['go', ...this.#bootLines(), 'end', ''].join('\n'));
      }
      isUp = line === 'up';
      if (isUp) break;
    }
    clearTimeout(timer);
    for (const stream of child.stdio) stream?.destroy();
    if (!isUp) {
      this.#id = null;
      const console = await this.readConsole();
      throw new LabError(`${this.name} did not boot: ${complaints}${console.slice(-2000)}`.trim());
    }
  }

  /** What pid 1 and the kernel's stand-in said since the first boot. */
  async readConsole(): Promise<string> {
    const path = `${this.#site.hub.disks}/console/${this.name}`;
    return await readFile(path, 'utf8').catch(() => '');
  }

  async #prepare(pid: number): Promise<void> {
    if (!this.#isInstalled) {
      const root = `${this.#site.hub.disks}/hosts/${this.name}`;
      const dom0 = this.plan.dom0 === undefined ? {} : await this.#site.dom0Files();
      const own = composeDisk(this.plan, this.nics, this.#keys, this.#site.authorizedKey);
      await writeDisk(root, { ...dom0, ...own });
      if (this.plan.shells !== undefined) await setShells(root, this.plan.shells);
      this.#isInstalled = true;
    }
    const ports: Wire[] = [];
    const lines: string[] = [];
    for (const { iface, mac, link } of this.nics) {
      if (link.kind !== 'segment') continue;
      const port = this.#site.nextPort();
      lines.push(
        `link add ${port} type veth peer name ${iface} address ${mac} netns ${pid}`,
        `link set ${port} master ${this.#site.bridgeOf(link.segment)} up`,
      );
      const far = { pid: this.#site.hub.id.pid, device: port };
      ports.push({ iface, near: { pid, device: iface }, far });
    }
    if (lines.length > 0) await this.#site.hub.ip(lines);
    this.#wires = [...ports, ...(await this.#plugVifs(pid))];
  }

  async #plugVifs(pid: number): Promise<readonly Wire[]> {
    const dom0 = this.#dom0();
    if (dom0 === undefined) return [];
    dom0.#lastDomid += 1;
    this.#domid = dom0.#lastDomid;
    const guest = { name: this.name, pid, domid: this.#domid };
    return await plugVifs(this.#site.hub, dom0.dom0Side, guest, this.nics);
  }

  #runningGuests(): readonly Machine[] {
    return this.#site.hosts.filter((host) => host.isRunning && host.#dom0() === this);
  }

  /** Of a guest: the machine that gives it its vifs. */
  #dom0(): Machine | undefined {
    const vif = this.nics.map((nic) => nic.link).find((link) => link.kind === 'vif');
    return vif === undefined ? undefined : this.#site.findHost(vif.dom0);
  }

  /** What an installer left to be done at each boot, in the verbs of host.sh. */
  #bootLines(): readonly string[] {
    const { plan, nics } = this;
    const dom0 = plan.dom0;
    const uplink = dom0?.uplink ?? 'eth0';
    const settings: Record<string, string | number> = {
      // Answering for others is delayed at random by default, by up to 0.8 s.
      ...(dom0
        ? Object.fromEntries(nics.map((nic) => [`net/ipv4/neigh/${nic.iface}/proxy_delay`, 0]))
        : {}),
      ...(dom0?.forwarding
        ? { 'net.ipv4.ip_forward': 1, [`net/ipv4/conf/${uplink}/proxy_arp`]: 1 }
        : {}),
      ...plan.sysctls,
    };
    const route =
      plan.gateway === undefined ? [] : [`default via ${plan.gateway} dev ${nics[0]?.iface}`];
    return [
      ...Object.entries(settings).map(([name, value]) => `sysctl ${sysctlPath(name)} ${value}`),
      ...nics.flatMap(({ iface, addresses }) => [
        ...addresses.map((address) =>
          address.includes(':')
            ? `ip addr add ${address} dev ${iface}`
            : `ip addr add ${address} broadcast + dev ${iface}`,
        ),
        `ip link set ${iface} up`,
      ]),
      ...[...route, ...(plan.routes ?? [])].map((words) => `ip route add ${words}`),
    ];
  }
}

/** As sysctl(8): with a slash before the first dot the name is a path, else dots separate. */
function sysctlPath(name: string): string {
  return /^[^.]*\//.test(name) ? name : name.replaceAll('.', '/');
}

function withConsole(options: CommandOptions): CommandOptions {
  return { ...options, env: { ...CONSOLE_ENVIRONMENT, ...options.env } };
}
