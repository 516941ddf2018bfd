import type { Observation } from '../../src/host/look-program.ts';
import { type Answers, type Query, queryKey } from '../../src/host/query.ts';
import { HostState } from '../../src/host/state.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { Inventory } from '../../src/inventory/model.ts';
import type { BoundStep, Plan, Refusal, Step } from '../../src/steps/step.ts';

/** The document's dom0 and guest, one without guests, one with a guest of both families, and a machine beside them. */
export const fleet: Inventory = await loadInventory({
  argument: '-',
  stdin: `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
  lan6: { subnet: "2001:db8:1::/64", gateway: "2001:db8:1::1" }
dom0:
  xen1: { address: 192.168.0.100, uplink: eth0 }
  xen2: { address: 192.168.0.102 }
  xen6: { address: 192.168.0.106 }
domU:
  webserv:
    dom0: xen1
    names: iftab
    network_config: ifupdown
    vifs:
      - { mac: "de:ad:be:ef:00:00", ip: 192.168.0.200 }
      - { mac: "de:ad:be:ef:00:01", ip: 192.168.0.201 }
    allow:
      - { proto: tcp, ports: [80] }
  bare: { dom0: xen1 }
  six:
    dom0: xen6
    vifs:
      - { mac: "de:ad:be:ef:06:00", ips: [192.168.0.60, "2001:db8:1::60"] }
      - { mac: "de:ad:be:ef:06:01", ips: ["2001:db8:1::61", "2001:db8:1::62"] }
hosts: { plain: { address: 192.168.0.7 } }
`,
});

/** The step for a host of the fleet, with parameters as its schema would give them. */
export function bind(step: Step, hostName: string, params: unknown = {}): BoundStep {
  const host = fleet.hosts.get(hostName);
  if (host === undefined) throw new Error(`no host ${hostName}`);
  return step.bind({ host, inventory: fleet }, params);
}

/** A regular file of root's. */
export function fileOf(content: string, mode = 0o644): Answers['file'] {
  return { type: 'file', mode, uid: 0, gid: 0, size: content.length, content };
}

/** A host as it comes: what `answers` does not say is absent, empty or an answer of a fresh host. */
export function stateFor(bound: BoundStep, answers: Readonly<Record<string, unknown>>): HostState {
  const observations = new Map<string, Observation>();
  for (const query of bound.queries) {
    const key = queryKey(query);
    const name =
      key in answers
        ? key
        : key.replace(/(?<=^(?:interfaces|routes:[46]|proxies))\?.*|(?<=^output):.*/s, '');
    const answer = name in answers ? answers[name] : freshAnswer(query);
    observations.set(key, { answer: answer as Answers[Query['kind']] });
  }
  return new HostState(observations);
}

/** The plan, and the plan of the state that the first one predicts. */
export function planTwice(
  bound: BoundStep,
  answers: Readonly<Record<string, unknown>> = {},
): { readonly first: Plan | Refusal; readonly second: Plan | Refusal } {
  const state = stateFor(bound, answers);
  const first = bound.plan(state);
  if ('refusal' in first) return { first, second: first };
  const after = [...first.changes, ...(first.upkeep ?? [])].reduce(
    (before: HostState, change) => before.after(change),
    state,
  );
  return { first, second: bound.plan(after) };
}

function freshAnswer(query: Query): Answers[Query['kind']] {
  switch (query.kind) {
    case 'file':
      return /(\.d|\/iproute2)$/.test(query.path) ? { type: 'directory' } : { type: 'absent' };
    case 'aliases':
      return new Map();
    case 'interfaces':
      return ['00', '01'].map((last, index) => ({
        name: `eth${index}`,
        mac: `de:ad:be:ef:00:${last}`,
        isUp: true,
        addresses: [],
      }));
    case 'rules':
    case 'routes':
      return { entries: [], fingerprint: '0 0' };
    case 'chains':
      return {
        listed: query.chains,
        chains: new Map([['FORWARD', []]]),
        policies: new Map([['FORWARD', 'ACCEPT']]),
        spelled: new Map(),
        problem: null,
        fingerprint: '0 0',
      };
    case 'entry':
      return { type: 'absent' };
    case 'tree':
      return { type: 'absent', entries: new Map(), isCut: false };
    case 'output':
      return { status: 1, stdout: '', stderr: '', isCut: false, isTimedOut: false };
    case 'parameter':
      return '0';
    case 'tool':
      return true;
    case 'lacks':
      return [];
    case 'directory':
      return { exists: false, files: new Map(), isCut: false };
    case 'proxies':
      return [];
    case 'path':
      return { dev: null, via: null, src: null, table: null, error: null };
    case 'nft':
      return { bases: [], chains: [], spelled: [], problem: null, fingerprint: '0 0' };
    case 'system':
      return {
        hostname: 'host',
        distribution: 'debian',
        version: '12',
        kernel: '6.1.0',
        architecture: 'x86_64',
        init: 'systemd',
        systemd: 252,
        udev: 252,
        iproute2: { version: '6.1.0', isBusybox: false, hasJson: true },
      };
    case 'network':
      return { manager: 'ifupdown', present: ['ifupdown'], hasIfrename: false };
    case 'firewalls':
      return {
        backends: {
          'iptables-nft': { isInstalled: true, rules: 0, forwarding: 0 },
          'iptables-legacy': { isInstalled: true, rules: 0, forwarding: 0 },
          nftables: { isInstalled: false, rules: 0, forwarding: 0 },
        },
        iptables: 'iptables-nft',
        persistence: ['ifupdown'],
      };
    case 'domains':
      return { toolstack: 'xl', domains: [] };
    case 'xen':
      return { version: '4.17', isDom0: true, toolstack: 'xl', domains: [] };
    case 'session':
      return { peer: '192.168.0.10', address: '192.168.0.200' };
    case 'windows':
      return { lock: null, pending: null, last: null };
    case 'condition':
      return {
        ...{ clockSeconds: 0, uid: 0, loginShell: '/bin/sh', sh: '/bin/sh', bootHook: 'systemd' },
        disks: [],
        sshd: { maxStartups: null, maxSessions: null, allowTcpForwarding: null },
      };
  }
}
