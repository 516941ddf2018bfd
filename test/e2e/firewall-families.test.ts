import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ProbeRequest } from '../../src/lab/probe.ts';
import { labDescribe } from '../lab-tier.ts';
import { Fleet } from './fleet.ts';

/** `web` asks `db` by its name, in both families; `shut` may do nothing, `free` is not filtered. */
const inventoryText = (backend: string): string => `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
  lan6: { subnet: "2001:db8:1::/64", gateway: "fe80::1" }
dom0:
  xen1:
    address: 192.168.0.100
    uplink: eth0
    antispoof: true
    firewall: { backend: ${backend}, admin: [192.168.0.10, "2001:db8:1::a"], log: 5/minute }
domU:
  web:
    dom0: xen1
    network_config: ifupdown
    vifs: [{ ips: [192.168.0.200, "2001:db8:1::200"] }, { ips: [192.168.0.201, "2001:db8:1::201"] }]
    allow:
      - { proto: tcp, ports: [80, 443] }
      - { proto: tcp, ports: 8080, from: [198.51.100.0/24, "3fff:1::/64"], to: "2001:db8:1::201" }
      - { proto: tcp, ports: 5432, direction: out, to: db }
  db:
    dom0: xen1
    network_config: ifupdown
    vifs: [{ ips: [192.168.0.210, "2001:db8:1::210"] }]
    allow:
      - { proto: tcp, ports: 5432, from: web }
      - { proto: tcp, ports: 80, from: [198.51.100.0/24] }
      - { proto: tcp, ports: 443, direction: out, to: [lan6] }
  shut: { dom0: xen1, network_config: ifupdown, vifs: [{ ips: [192.168.0.220, "2001:db8:1::220"] }], allow: [] }
  free: { dom0: xen1, network_config: ifupdown, vifs: [{ ips: [192.168.0.221, "2001:db8:1::221"] }] }
`;

const machines = {
  web: ['192.168.0.200', '2001:db8:1::200', '192.168.0.201', '2001:db8:1::201'],
  db: ['192.168.0.210', '2001:db8:1::210'],
  shut: ['192.168.0.220', '2001:db8:1::220'],
  free: ['192.168.0.221', '2001:db8:1::221'],
  client: ['192.168.0.50', '2001:db8:1::32'],
  far: ['198.51.100.2', '3fff:1::2'],
} as const;
type Machine = keyof typeof machines;
const guests = ['web', 'db', 'shut', 'free'] as const;
const names = [...guests, 'client', 'far'] as const;
const ports = [80, 443, 5432, 8080];

interface Syn {
  readonly machine: Machine;
  readonly src: string;
  readonly dst: string;
  readonly dport: number;
}

const isSix = (address: string): boolean => address.includes(':');
const ownerOf = (address: string): Machine | undefined =>
  names.find((name) => machines[name].some((one) => one === address));

/** What the inventory above means, in words of its own. */
function mayPass({ machine, src, dst, dport }: Syn): boolean {
  const target = ownerOf(dst);
  const maySend = (): boolean => {
    if (machine === 'web') return target === 'db' && dport === 5432;
    if (machine === 'db') return dport === 443 && dst.startsWith('2001:db8:1:');
    return machine !== 'shut';
  };
  const mayReceive = (): boolean => {
    if (target === 'web') {
      if (dport === 8080) return machine === 'far' && dst === '2001:db8:1::201';
      return dport === 80 || dport === 443;
    }
    if (target === 'db') {
      return (machine === 'web' && dport === 5432) || (dport === 80 && src === '198.51.100.2');
    }
    return target !== 'shut';
  };
  return maySend() && mayReceive();
}

/** Every address to every other machine's, each family among itself, but past dom0 only. */
const syns: readonly Syn[] = names.flatMap((machine) =>
  machines[machine].flatMap((src) =>
    names
      .filter((other) => other !== machine)
      .filter((other) => [machine, other].some((one) => guests.some((guest) => guest === one)))
      .flatMap((other) => [...machines[other]])
      .filter((dst) => isSix(src) === isSix(dst))
      .flatMap((dst) => ports.map((dport) => ({ machine, src, dst, dport }))),
  ),
);

/** What makes the dom0 one of that kind, before anything is pushed. */
const kinds = {
  'iptables-nft': 'true',
  'iptables-legacy': `for tool in iptables ip6tables; do
    for suffix in '' -save -restore; do
      ln -sf "/usr/sbin/$tool-legacy$suffix" "/etc/alternatives/$tool$suffix"
    done
  done`,
  nftables: `nft -f /dev/stdin <<'RULES'
table inet theirs {
  chain forward {
    type filter hook forward priority filter; policy accept;
    ip saddr 10.99.0.0/16 drop
  }
}
RULES`,
} as const;

/** What prints the rules of that kind alone. */
const listings = {
  'iptables-nft': 'iptables-nft-save; ip6tables-nft-save',
  'iptables-legacy': 'iptables-legacy-save; ip6tables-legacy-save',
  nftables: 'nft list table inet theirs',
} as const;

const describe = await labDescribe();

describe('dom0’s firewall in both families', () => {
  for (const kind of ['iptables-nft', 'iptables-legacy', 'nftables'] as const) {
    describe(`on ${kind}`, () => withKind(kind));
  }
});

function withKind(kind: keyof typeof kinds): void {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.start(inventoryText(kind === 'nftables' ? 'auto' : 'iptables'));
    const { lab } = fleet;
    const made = await lab.host('xen1').exec(['sh', '-ec', kinds[kind]]);
    expect([made.code, made.stderr]).toEqual([0, '']);
    await fleet.mustApply();
    for (const name of names) {
      const endpoints = machines[name].flatMap((address) =>
        ports.map((port) => ({ address, port })),
      );
      await lab.host(name).listen(endpoints);
    }
  });
  afterAll(async () => {
    await fleet?.lab.down();
  });

  const line = ({ src, dst, dport }: Syn, status: string) => `${src} > ${dst}:${dport} ${status}`;

  test('decides on SYNs as the inventory says', async () => {
    const seen: string[] = [];
    for (const machine of names) {
      const own = syns.filter((syn) => syn.machine === machine);
      const requests = own.map(
        (syn): ProbeRequest => ({
          ...{ from: syn.src, to: syn.dst, port: syn.dport },
          timeoutMs: mayPass(syn) ? 5000 : 900,
        }),
      );
      const results = await fleet.lab.host(machine).probe(requests);
      seen.push(...own.map((syn, place) => line(syn, results[place]?.status ?? 'lost')));
    }

    const listed = await fleet.lab.host('xen1').exec(['sh', '-c', listings[kind]]);
    expect(listed.stdout).toMatch(/XPUSH-FWD.*2001:db8:1::/s);
    expect(syns.filter(mayPass).length).toBeGreaterThan(60);
    expect(syns.filter((syn) => !mayPass(syn)).length).toBeGreaterThan(150);
    expect(seen).toEqual(syns.map((syn) => line(syn, mayPass(syn) ? 'open' : 'timeout')));
  });

  test('lets the admin to port 22 of guests that have a list, and nobody else', async () => {
    const ssh = guests.flatMap((name) => machines[name].map((to) => ({ to, port: 22 })));

    const admin = await fleet.lab.probe(ssh);
    const client = await fleet.lab.host('client').probe(ssh);

    const open = (results: typeof admin) =>
      results.filter(({ status }) => status === 'open').map(({ request }) => request.to);
    expect(open(admin)).toEqual(ssh.map(({ to }) => to));
    expect(open(client)).toEqual([...machines.free]);
  });

  test('is as it was described', async () => {
    const again = await fleet.mustApply();

    expect(again.document.recap).toMatchObject({ changed: 0, ok: 5 });
  });
}
