/**
 * The lab: network namespaces on one machine that stand for routers, dom0s and domUs, with real sshd, real iptables
 * and a private /etc each. Nothing of it is seen from the machine's own namespaces, and it ends with its hub process.
 *
 *     await using lab = await startLab({
 *       segments: [{ name: 'lan', controller: ['192.168.0.10/24'] }],
 *       hosts: [{ name: 'h1', nics: [{ segment: 'lan', addresses: ['192.168.0.50/24'] }] }],
 *     });
 *     await lab.run(['ssh', '-F', lab.sshConfig, 'h1', 'uname', '-a']); // as the controller
 *     await lab.host('h1').exec(['ip', 'route']);                       // on the host's console
 *     await lab.cut('h1');                                              // its cable, silently
 *     await lab.host('h1').reboot();                                    // same disk, live state lost
 */
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import type { LabHostKind, LabHostPlan } from './plan.ts';
import type { Listener, ProbeRequest, ProbeResult } from './probe.ts';
import type { Argv, CommandOptions, CommandResult } from './process.ts';

/** A running lab. `down` or the end of this process ends it. */
export interface Lab extends AsyncDisposable {
  /** Mode 0700. */
  readonly directory: string;
  /** A home directory whose `.ssh` is the next three files. OpenSSH and xpush don't go by HOME: name `sshConfig` to them. */
  readonly home: string;
  /** Private key that root and `ops` of every host accept. */
  readonly identity: string;
  /** Every host's key, by name and by address. */
  readonly knownHosts: string;
  /** For `ssh -F`: every host by name, strict host key checking, user root. */
  readonly sshConfig: string;
  /** Kill it with -9 and nothing of the lab is left. */
  readonly hubPid: number;
  readonly hosts: readonly LabHost[];
  /** What this machine doesn't let the lab show, one line each. */
  readonly limits: readonly string[];
  /** Throws `LabError` when there is no such host. */
  host(name: string): LabHost;
  /** Runs a command as the controller: in the lab's network, with this machine's files, user and environment. */
  run(argv: Argv, options?: CommandOptions): Promise<CommandResult>;
  /** As `run`, with Node's own options (`stdio: 'inherit'` for a terminal). It is killed by `down`. */
  spawn(argv: Argv, options?: SpawnOptions): ChildProcess;
  /** Drops every packet of a host's interface (default: its first), both ways; neither side sees its carrier go. */
  cut(host: string, iface?: string): Promise<void>;
  heal(host: string, iface?: string): Promise<void>;
  /**
   * Empties everyone's ARP and neighbour tables. For up to 3 s after an address did not answer, whoever asked goes on
   * failing; `heal`, `start` and `reboot` do this by themselves, a change of forwarding or proxy_arp can't.
   */
  flushNeighbours(): Promise<void>;
  /** Tries new TCP connections from the controller, all at once. */
  probe(requests: readonly ProbeRequest[]): Promise<readonly ProbeResult[]>;
  /** Ends everything and removes `directory`. */
  down(): Promise<void>;
}

/** One host of a running lab. All of its methods but `start` throw `LabError` when it is off. */
export interface LabHost {
  readonly name: string;
  readonly kind: LabHostKind;
  readonly plan: LabHostPlan;
  /** All its addresses in the plan's order, without prefix lengths. */
  readonly addresses: readonly string[];
  /** `ssh-ed25519 AAAA...`; every host has its own. */
  readonly hostKey: string;
  /** Its first process, as this machine numbers it; another one after a reboot. */
  readonly pid: number;
  readonly isRunning: boolean;
  /** Runs a command on its console, as root: out of band, whatever its network is like. */
  exec(argv: Argv, options?: CommandOptions): Promise<CommandResult>;
  spawn(argv: Argv, options?: SpawnOptions): ChildProcess;
  readFile(path: string): Promise<Buffer>;
  /** Writes in place (no rename), and makes missing directories. Default mode: 0644. */
  writeFile(path: string, content: string | Uint8Array, mode?: number): Promise<void>;
  /** Tries new TCP connections from it, all at once. */
  probe(requests: readonly ProbeRequest[]): Promise<readonly ProbeResult[]>;
  /** Starts TCP servers on it that answer with the address they were reached at; gone after a reboot. */
  listen(
    endpoints: readonly { readonly address: string; readonly port: number }[],
  ): Promise<Listener>;
  /** What its boots printed. */
  readConsole(): Promise<string>;
  /** Power off, without a goodbye: the peers of its connections hear nothing. The disk stays. */
  stop(): Promise<void>;
  /** Boots it; resolves when its SSH server listens. */
  start(): Promise<void>;
  /** `stop` and `start`. A dom0 takes its running guests with it and starts them again. */
  reboot(): Promise<void>;
}

export { LabError } from './lab-error.ts';
export type { LabHostKind, LabHostPlan, LabPlan } from './plan.ts';
export { describeMissing, type MissingRequirements, missingRequirements } from './requirements.ts';
export { documentPlan, lanPlan } from './sample-plans.ts';
export { attachLab, type LabOptions, startLab } from './start-lab.ts';
