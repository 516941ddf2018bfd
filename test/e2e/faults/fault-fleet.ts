import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import type { LabHost } from '../../../src/lab/lab.ts';
import type { LabPlan } from '../../../src/lab/plan.ts';
import type { JsonDocument } from '../../../src/report/json-document.ts';
import { labDescribe } from '../../lab-tier.ts';
import { until } from '../../until.ts';
import { type CliRun, documentOf, Fleet, type JsonRun } from '../fleet.ts';
import { goodChange, oldFile } from './changes.ts';
import { hastyProgram } from './hasty-program.ts';
import { differences, type HostState, hostState } from './host-state.ts';
import { type LinkFault, TcpProxy } from './tcp-proxy.ts';

/** `full`: dash, coreutils, OpenSSH; `mini`: busybox and dropbear; `systemd`: as full, with systemd as pid 1. */
export type FaultKind = 'full' | 'mini' | 'systemd';

/** A window that is over soon, for what is not to be confirmed. */
export const soon = ['--confirm-timeout', '4'];

/** One for what is, on a busy machine too. */
export const ample = ['--confirm-timeout', '20'];

/** `describe` for tests that need hosts of these kinds, as `labDescribe` gives it. */
export function faultDescribe(
  kinds: readonly FaultKind[],
  options?: { readonly concurrent: boolean },
): ReturnType<typeof labDescribe> {
  const hosts = kinds.map((kind) => ({ name: kind, kind, nics: [] }));
  return labDescribe({ hosts }, options);
}

export interface FaultFleetOptions {
  /** How many hosts there are of each kind. */
  readonly hosts: Partial<Readonly<Record<FaultKind, number>>>;
  /** Changes the plan of the hosts before the lab is built. */
  readonly adapt?: (plan: LabPlan) => LabPlan;
}

/** How a host of a test is reached and kept. */
export interface WayOptions {
  readonly proxy?: TcpProxy;
  /** Keys of the host in the inventory, such as `safety: { on_rollback_failure: open }`. */
  readonly keys?: string;
  /** Gives all changes of a window so many seconds, in place of a minute. */
  readonly applySeconds?: number;
}

/** What `goodChange` changes of every host. */
const changedParts = ['rules -4', 'routes -4', 'addresses', 'links', 'sysctls', 'files'];

const { CI } = process.env;
/** A test that is tried again, as CI does, takes another host. */
const spares = CI === undefined ? 0 : 2;
const withSpares = (count: number): number => (count === 0 ? 0 : count + spares);

/** One lab with many hosts, so that tests may go on side by side, each on its own host. */
export class FaultFleet implements AsyncDisposable {
  readonly fleet: Fleet;
  readonly #free: Map<FaultKind, string[]>;
  readonly #new = new Map<FaultKind, Promise<HostState>>();
  readonly #hasty = new Map<number, string>();
  #files = 0;

  private constructor(fleet: Fleet, free: Map<FaultKind, string[]>) {
    this.fleet = fleet;
    this.#free = free;
  }

  static async start({ hosts, adapt }: FaultFleetOptions): Promise<FaultFleet> {
    const names = (['full', 'mini', 'systemd'] as const).map(
      (kind) =>
        [
          kind,
          Array.from({ length: withSpares(hosts[kind] ?? 0) }, (_, n) => `${kind}${n + 1}`),
        ] as const,
    );
    const all = names.flatMap(([kind, each]) => each.map((name) => [name, kind] as const));
    const lines = all.map(
      ([name], n) => `  ${name}: { address: 10.0.${4 + (n >> 7)}.${(n & 127) + 1} }`,
    );
    const text = `networks:\n  lan: { subnet: 10.0.0.0/21, gateway: 10.0.0.1 }\nhosts:\n${lines.join('\n')}\n`;
    const fleet = await Fleet.start(text, {
      kinds: Object.fromEntries(all),
      adapt: (plan) => {
        const hosts = plan.hosts.map((host) => ({ ...host, files: { ...oldFile, ...host.files } }));
        const adapted = { ...plan, hosts };
        return adapt?.(adapted) ?? adapted;
      },
    });
    return new FaultFleet(fleet, new Map(names.map(([kind, each]) => [kind, [...each]])));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fleet.lab.down();
  }

  /** A host that no other test has had; its state is taken as the old one. */
  async take(kind: FaultKind): Promise<FaultHost> {
    const name = this.#free.get(kind)?.shift();
    if (name === undefined) throw new Error(`no ${kind} host is left: start more`);
    const host = this.fleet.lab.host(name);
    return new FaultHost(this, host, kind, await hostState(host));
  }

  /** What `goodChange` makes of a host of this kind. */
  async newState(kind: FaultKind): Promise<HostState> {
    const known = this.#new.get(kind) ?? this.#makeNew(kind);
    this.#new.set(kind, known);
    return await known;
  }

  async #makeNew(kind: FaultKind): Promise<HostState> {
    const host = await this.take(kind);
    const { code, stderr } = await host.apply(goodChange);
    expect(code, stderr).toBe(0);
    await host.isQuiet();
    const state = await hostState(host.lab);
    expect(differences(host.old, state)).toEqual(expect.arrayContaining(changedParts));
    return state;
  }

  /** The program that gives changes so many seconds; made once. */
  hasty(applySeconds: number): string {
    const place = join(this.fleet.lab.directory, `hasty-${applySeconds}`);
    const program = this.#hasty.get(applySeconds) ?? hastyProgram(place, applySeconds);
    this.#hasty.set(applySeconds, program);
    return program;
  }

  /** A path beside the inventory that nothing has yet. */
  async write(suffix: string, text: string): Promise<string> {
    this.#files += 1;
    return await this.fleet.write(`${this.#files}-${suffix}`, text);
  }
}

/** A host under test. */
export class FaultHost {
  readonly fleet: FaultFleet;
  readonly lab: LabHost;
  readonly kind: FaultKind;
  readonly old: HostState;
  readonly #root: string;
  readonly #state: string;

  constructor(fleet: FaultFleet, lab: LabHost, kind: FaultKind, old: HostState) {
    this.fleet = fleet;
    this.lab = lab;
    this.kind = kind;
    this.old = old;
    const { lab: all } = fleet.fleet;
    this.#root = `/proc/${all.hubPid}/root${all.directory}/disks/hosts/${lab.name}`;
    this.#state = `${this.#root}/var/lib/xpush`;
  }

  get name(): string {
    return this.lab.name;
  }

  get address(): string {
    return this.lab.addresses[0] ?? '';
  }

  /** An inventory of this host alone. */
  async inventory({ proxy, keys }: WayOptions = {}): Promise<string> {
    const way =
      proxy === undefined
        ? `address: ${this.address}`
        : `address: 127.0.0.1, ssh: { port: ${proxy.port}, host_key: "${this.lab.hostKey}" }`;
    const more = keys === undefined ? '' : `, ${keys}`;
    return await this.fleet.write('inventory.yaml', `hosts:\n  ${this.name}: { ${way}${more} }\n`);
  }

  /** A way to its SSH server that breaks. */
  async proxy(faults: readonly (LinkFault | null)[], others?: LinkFault): Promise<TcpProxy> {
    return await TcpProxy.start(this.fleet.fleet.lab, { address: this.address }, faults, others);
  }

  /** Starts `xpush apply` with ndjson and gives what it says as it says it. */
  async begin(playbook: string, args: readonly string[] = [], way?: WayOptions): Promise<Running> {
    const inventory = await this.inventory(way);
    const file = await this.fleet.write('playbook.yaml', playbook);
    const { argv, env } = this.fleet.fleet.command(
      ...['apply', inventory, file, '-o', 'ndjson', '-v'],
      ...args,
    );
    if (way?.applySeconds !== undefined) argv[1] = this.fleet.hasty(way.applySeconds);
    const child = this.fleet.fleet.lab.spawn(argv, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const { stdout, stderr } = child;
    if (stdout === null || stderr === null) throw new Error('no pipes');
    const events: RunLine[] = [];
    const lines = createInterface({ input: stdout });
    lines.on('line', (line) => events.push(JSON.parse(line)));
    let said = '';
    stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const ended = once(child, 'close').then(([code, signal]) => {
      const document = events.find(({ event }) => event === 'run_end')?.document ?? null;
      return {
        code: code as number | null,
        signal: signal as string | null,
        stderr: said,
        events,
        document,
      };
    });
    return {
      events,
      ended,
      // The child is nsenter, which becomes xpush: a signal reaches it.
      kill: (signal) => void child.kill(signal),
      event: async (isIt) => {
        await until(() => events.some(isIt));
      },
    };
  }

  /** `xpush apply` to its end. */
  async apply(playbook: string, args: readonly string[] = [], way?: WayOptions): Promise<Ended> {
    return await (await this.begin(playbook, args, way)).ended;
  }

  /** `xpush COMMAND INVENTORY ARGS`. */
  async xpush(command: string, ...args: readonly string[]): Promise<CliRun> {
    return await this.fleet.fleet.xpush(command, await this.inventory(), ...args);
  }

  /** `xpush COMMAND INVENTORY -o json ARGS`. */
  async json(command: string, ...args: readonly string[]): Promise<JsonRun> {
    const run = await this.xpush(command, '-o', 'json', ...args);
    return { ...run, document: documentOf(run) };
  }

  /** On the console, whatever its network is like; must end with 0. */
  async sh(script: string): Promise<string> {
    const { code, stdout, stderr } = await this.lab.exec(['sh', '-c', script]);
    if (code !== 0) throw new Error(`${this.name}: ${script}: ${code}: ${stderr}`);
    return stdout;
  }

  /** The files in the state directory, seen from outside: no process of the host is needed. */
  async stateFiles(): Promise<readonly string[]> {
    for (;;) {
      try {
        return (await readdir(this.#state, { recursive: true })).sort();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        if (!existsSync(this.#state)) return [];
        // a directory within it went away while it was read
      }
    }
  }

  /** The window's marks, such as `armed`, `applied` or `settled`, of the newest window. */
  async windowFiles(): Promise<readonly string[]> {
    const files = await this.stateFiles();
    const newest = files.filter((file) => /^window\/[^/]+$/.test(file)).at(-1);
    if (newest === undefined) return [];
    // What is of this boot only lies in memory.
    const now = `/proc/${this.lab.pid}/root/run/xpush-${newest.slice('window/'.length)}`;
    const marks = await readdir(now).catch(() => []);
    const kept = files.filter((file) => file.startsWith(`${newest}/`));
    return [...kept.map((file) => file.slice(newest.length + 1)), ...marks];
  }

  async stateFile(path: string): Promise<string> {
    return await readFile(`${this.#state}/${path}`, 'utf8');
  }

  /** Waits until the change of `waitingChange` is under way, all of it but its end. */
  async waits(): Promise<void> {
    const mark = `/proc/${this.lab.pid}/root/run/waits`;
    await until(() => existsSync(mark));
  }

  /** Lets it end. */
  async go(): Promise<void> {
    await this.sh('touch /run/go');
  }

  /** Waits until a mark of a window is there. */
  async reaches(mark: string): Promise<void> {
    await until(async () => (await this.windowFiles()).includes(mark));
  }

  /** Waits until the time of a window for its changes is over, whether or not anybody watches over it. */
  async reachesDeadline(): Promise<void> {
    await until(async () => {
      const [uptime, deadline] = (
        await this.sh('cut -d " " -f 1 /proc/uptime; cat /run/xpush-*/deadline')
      ).split('\n');
      return Number(uptime) > Number(deadline) / 10;
    });
  }

  /** Waits until no window is under way and nothing of ours runs. */
  async isQuiet(timeoutMs = 20_000): Promise<void> {
    await until(async () => {
      // in this order: who holds the lock ends once its window is armed
      if (await this.#isLockHeld()) return false;
      const files = await this.stateFiles();
      return !files.some((file) => /^window\/[^/]+\/(armed|rolling)$/.test(file));
    }, timeoutMs);
  }

  /** A lock whose process is gone holds nobody: the next run takes it over. */
  async #isLockHeld(): Promise<boolean> {
    const lock = await this.stateFile('lock').catch(() => '');
    const owner = lock.split('\n')[3]?.split(' ')[1] ?? '';
    const process = `/proc/${this.lab.pid}/root/proc/${owner}/stat`;
    return /^\d+$/.test(owner) && (await readFile(process).then(Boolean, () => false));
  }

  /** Whether a fresh TCP connection gets an SSH banner. */
  async isReachable(): Promise<boolean> {
    const [result] = await this.fleet.fleet.lab.probe([{ to: this.address, port: 22 }]);
    return result?.status === 'open';
  }

  /** The host is as it was, reachable, and holds nothing of a run. */
  async expectOld(): Promise<void> {
    await this.isQuiet();
    const now = await hostState(this.lab);
    expect({ differs: differences(this.old, now), ...partsOf(now, this.old) }).toEqual({
      differs: [],
      ...partsOf(this.old, now),
    });
    await until(() => this.isReachable(), 2000);
  }

  /** The host is as it was or as `wanted`, never between. Says which. */
  async expectOldOrNew(wanted: HostState): Promise<'old' | 'new'> {
    await this.isQuiet();
    const now = await hostState(this.lab);
    const fromOld = differences(this.old, now);
    const fromNew = differences(wanted, now);
    if (fromOld.length > 0 && fromNew.length > 0) {
      expect(partsOf(now, wanted), `neither old (${fromOld}) nor new`).toEqual(
        partsOf(wanted, now),
      );
    }
    await until(() => this.isReachable(), 2000);
    return fromOld.length === 0 ? 'old' : 'new';
  }

  async expectNew(wanted: HostState): Promise<void> {
    expect(await this.expectOldOrNew(wanted)).toBe('new');
  }
}

/** A line of ndjson. */
export interface RunLine {
  readonly event: string;
  readonly [key: string]: unknown;
  readonly document?: JsonDocument;
}

export interface Ended {
  /** null: a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
  readonly events: readonly RunLine[];
  readonly document: JsonDocument | null;
}

export interface Running {
  readonly events: readonly RunLine[];
  readonly ended: Promise<Ended>;
  kill(signal: NodeJS.Signals): void;
  /** Waits until such an event has come. */
  event(isIt: (line: RunLine) => boolean): Promise<void>;
}

/** Why the host of a run ended as it did. */
export function errorOf({ document }: Ended): string {
  return Object.values(document?.hosts ?? {})[0]?.error?.message ?? '';
}

/** How its tasks ended. */
export function tasksOf({ document }: Ended): readonly string[] {
  return Object.values(document?.hosts ?? {}).flatMap(({ tasks }) =>
    tasks.map(({ status }) => status),
  );
}

/** The parts of `state` that differ from `other`, for a message that shows them. */
function partsOf(state: HostState, other: HostState): HostState {
  return Object.fromEntries(
    differences(state, other).map((name) => [name, state[name] ?? '(nothing)']),
  );
}
