import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Change } from '../../src/host/change.ts';
import { query } from '../../src/host/query.ts';
import type { Dom0, DomU } from '../../src/inventory/model.ts';
import {
  type Listener,
  listen,
  type ProbeRequest,
  type ProbeResult,
  probe,
} from '../../src/lab/probe.ts';
import { iptablesChains, iptablesFirewall } from '../../src/xen/firewall.ts';
import {
  type LivePlan,
  livePlan,
  liveRemoval,
  type SeenFirewall,
} from '../../src/xen/firewall-live.ts';
import { firewallModels } from '../../src/xen/firewall-model.ts';
import { nftChains, nftFirewall } from '../../src/xen/nft-firewall.ts';
import { dash, fullPath, RunningShell } from '../host/shells.ts';
import { Namespace } from './namespace.ts';

export type BackEnd = 'nft' | 'iptables-nft' | 'iptables-legacy';

/** A machine beside dom0: `outside` all that comes by the uplink, the others guests. */
interface Machine {
  readonly namespace: Namespace;
  readonly addresses: readonly string[];
}

const isSix = (address: string): boolean => address.includes(':');

/**
 * dom0 and what it forwards for, in namespaces: each guest behind a vif of its own, with /32 and /128
 * routes as vif-route makes them, and everybody else behind the uplink. Real packets go through the
 * kernel's real filters.
 */
export class Forwarding implements AsyncDisposable {
  readonly #dom0 = new Namespace();
  readonly #machines = new Map<string, Machine>();
  readonly #tools = mkdtempSync(join(tmpdir(), 'xpush-forwarding-'));
  readonly #listeners: Listener[] = [];
  readonly shell: RunningShell;
  readonly #backEnd: BackEnd;

  /** `outside`: addresses; those within 192.168.0.0/24 and 2001:db8::/64 are dom0's neighbours. */
  constructor(
    backEnd: BackEnd,
    outside: readonly string[],
    guests: Readonly<Record<string, readonly string[]>>,
  ) {
    this.#backEnd = backEnd;
    this.#dom0.run(
      `ip link set lo up
       sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \\
         net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \\
         net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0`,
    );
    this.#attach('outside', 'eth0', outside, ['192.168.0.100/24', '2001:db8::100/64']);
    let count = 0;
    for (const [name, addresses] of Object.entries(guests)) {
      count += 1;
      this.#attach(name, `vif${count}.0`, addresses, ['fe80::1/64']);
    }
    const kind = backEnd === 'iptables-legacy' ? 'legacy' : 'nft';
    for (const tool of ['iptables', 'ip6tables']) {
      for (const suffix of ['', '-save', '-restore']) {
        const path = `/usr/sbin/${tool}-${kind}${suffix}`;
        symlinkSync(path, join(this.#tools, `${tool}${suffix}`));
      }
    }
    const path = `${this.#tools}:${fullPath}`;
    this.shell = new RunningShell(
      { ...dash, path },
      { wrapper: ['/usr/sbin/ip', 'netns', 'exec', this.#dom0.name] },
    );
  }

  #attach(
    name: string,
    device: string,
    addresses: readonly string[],
    ofDom0: readonly string[],
  ): void {
    const namespace = new Namespace();
    this.#machines.set(name, { namespace, addresses });
    const isGuest = name !== 'outside';
    namespace.run(
      `ip link set lo up
       sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
       ip link add eth0 type veth peer name peer
       ip link set peer netns ${this.#dom0.name} name ${device}
       ip link set eth0 up`,
    );
    this.#dom0.run(
      [
        `ip link set ${device} up`,
        ...ofDom0.map((one) => `ip addr add ${one} dev ${device}${isSix(one) ? ' nodad' : ''}`),
        ...(isGuest ? addresses.map((one) => `ip route add ${one} dev ${device}`) : []),
        ...(isGuest
          ? []
          : ['ip route add 198.51.100.0/24 dev eth0', 'ip route add 2001:db8:f::/48 dev eth0']),
      ].join('\n'),
    );
    namespace.run(
      [
        ...addresses.map((one) =>
          isSix(one) ? `ip addr add ${one}/128 dev eth0 nodad` : `ip addr add ${one}/32 dev eth0`,
        ),
        ...(isGuest
          ? [
              'ip route add default via 192.168.0.100 dev eth0 onlink',
              'ip -6 route add default via fe80::1 dev eth0',
            ]
          : [
              'ip route add default via 192.168.0.100 dev eth0 onlink',
              'ip -6 route add default via 2001:db8::100 dev eth0 onlink',
            ]),
      ].join('\n'),
    );
  }

  /** Looks as the step does, and gives what it would do. */
  async plan(dom0: Dom0, guests: readonly DomU[], peer: string | null = null): Promise<LivePlan> {
    const backend = this.#backEnd === 'nft' ? 'nftables' : 'iptables';
    const seen = await this.#seen(dom0, guests, peer);
    const plan = livePlan(backend, firewallModels(dom0, guests), guests, seen, []);
    if ('refusal' in plan) throw new Error(`${plan.refusal} (${plan.hint})`);
    return plan;
  }

  async #seen(dom0: Dom0, guests: readonly DomU[], peer: string | null): Promise<SeenFirewall> {
    const models = firewallModels(dom0, guests);
    const wanted = models.map(iptablesFirewall);
    const chains = (family: 4 | 6) =>
      query.comparedChains(
        family,
        iptablesChains,
        wanted.find((one) => one.family === family)?.chains ?? new Map<string, readonly string[]>(),
      );
    return {
      facts: await this.shell.look(query.firewalls()),
      live: { 4: await this.shell.look(chains(4)), 6: await this.shell.look(chains(6)) },
      native: await this.shell.look(query.nft(nftChains, nftFirewall(models).wanted)),
      peer,
    };
  }

  /** Makes the rules those of the inventory. */
  async push(dom0: Dom0, guests: readonly DomU[], peer: string | null = null): Promise<LivePlan> {
    const plan = await this.plan(dom0, guests, peer);
    await this.act([...plan.changes, ...plan.upkeep]);
    return plan;
  }

  /** Takes all our rules away. */
  async clear(dom0: Dom0, guests: readonly DomU[]): Promise<void> {
    await this.act(liveRemoval(await this.#seen(dom0, guests, null), []));
  }

  /** Makes changes; throws where the host refuses one. */
  async act(changes: readonly Change[]): Promise<void> {
    for (const { status, body } of await this.shell.act(...changes)) {
      if (status !== 0) throw new Error(`${status}: ${body}`);
    }
  }

  /** Servers on these ports of all addresses of all machines. */
  async listen(ports: readonly number[]): Promise<void> {
    for (const { namespace, addresses } of this.#machines.values()) {
      const endpoints = addresses.flatMap((address) => ports.map((port) => ({ address, port })));
      this.#listeners.push(await listen(this.#enter(namespace), endpoints));
    }
  }

  /** Tries all of a machine's connections at once. */
  async probe(machine: string, requests: readonly ProbeRequest[]): Promise<readonly ProbeResult[]> {
    return await probe(this.#enter(this.machine(machine).namespace), requests, 700);
  }

  machine(name: string): Machine {
    const found = this.#machines.get(name);
    if (found === undefined) throw new Error(`no machine ${name}`);
    return found;
  }

  #enter(namespace: Namespace) {
    return (argv: readonly [string, ...string[]]): readonly [string, ...string[]] => [
      ...(['ip', 'netns', 'exec', namespace.name] as const),
      ...argv,
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#listeners.map((one) => one.close()));
    await this.shell[Symbol.asyncDispose]();
    for (const { namespace } of this.#machines.values()) namespace[Symbol.dispose]();
    this.#dom0[Symbol.dispose]();
    rmSync(this.#tools, { recursive: true, force: true });
  }
}
