import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LabPlan } from '../../src/lab/lab.ts';
import type { ProbeRequest } from '../../src/lab/probe.ts';
import { labDescribe } from '../lab-tier.ts';
import { Fleet } from './fleet.ts';

/** webserv and mail as the source document and its like; `closed` may do nothing, `free` is not filtered. */
const inventoryText = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
dom0:
  xen1:
    address: 192.168.0.100
    uplink: eth0
    firewall:
      admin: [192.168.0.8/29]
      rules:
        - { proto: tcp, ports: [8080], to: [192.168.0.210] }
domU:
  webserv:
    dom0: xen1
    network_config: ifupdown
    vifs: [{ ip: 192.168.0.200 }, { ip: 192.168.0.201 }, { ip: 192.168.0.202 }]
    allow:
      - { proto: tcp, ports: [80, 443], from_ports: ["1024-65535", 80, 443, 8080] }
      - { proto: tcp, ports: [8080], from: [198.51.100.0/24], to: [192.168.0.201] }
      - { proto: tcp, ports: [443], to: [198.51.100.0/24], direction: out }
  mail:
    dom0: xen1
    network_config: ifupdown
    vifs: [{ ip: 192.168.0.210 }, { ip: 192.168.0.211 }]
    allow:
      - { proto: tcp, ports: [25] }
      - { proto: tcp, ports: [443], from: [192.168.0.0/24] }
      - { proto: tcp, ports: [25, 80], direction: out }
  closed:
    dom0: xen1
    network_config: ifupdown
    vifs: [{ ip: 192.168.0.220 }]
    allow: []
  free:
    dom0: xen1
    network_config: ifupdown
    vifs: [{ ip: 192.168.0.221 }]
`;

/** On the same dom0, and nobody's in the inventory. */
const stray = { name: 'stray', address: '192.168.0.230' };

const addresses = {
  controller: '192.168.0.10',
  client: '192.168.0.50',
  far: '198.51.100.2',
  webserv: ['192.168.0.200', '192.168.0.201', '192.168.0.202'],
  mail: ['192.168.0.210', '192.168.0.211'],
  closed: ['192.168.0.220'],
  free: ['192.168.0.221'],
  stray: [stray.address],
} as const;
const guests = ['webserv', 'mail', 'closed', 'free', 'stray'] as const;
const guestAddresses = guests.flatMap((name) => [...addresses[name]]);

interface Syn {
  /** The machine that sends it. */
  readonly machine: string;
  readonly src: string;
  /** null: an ephemeral one. */
  readonly sport: number | null;
  readonly dst: string;
  readonly dport: number;
}

/**
 * What the inventory above means by the words of section 5 and the source document's rules: a guest with a list may
 * be reached, and may open, what its list says; the admin network reaches port 22 of those guests; all else that such
 * a guest is an end of is closed; addresses without a list are not filtered. An ephemeral port is above 1024.
 */
function mayPass({ src, sport, dst, dport }: Syn): boolean {
  const hasSourcePort = sport === null || sport >= 1024 || sport === 80 || sport === 443;
  const isFar = src.startsWith('198.51.100.');
  if (dport === 22 && /^192\.168\.0\.([89]|1[0-5])$/.test(src) && isListed(dst)) return true;

  const maySend = (): boolean => {
    if (includes(addresses.webserv, src)) return dport === 443 && dst.startsWith('198.51.100.');
    if (includes(addresses.mail, src)) return dport === 25 || dport === 80;
    return !includes(addresses.closed, src);
  };
  const mayReceive = (): boolean => {
    if (includes(addresses.webserv, dst)) {
      if (dport === 8080) return isFar && dst === '192.168.0.201';
      return hasSourcePort && (dport === 80 || dport === 443);
    }
    if (includes(addresses.mail, dst)) {
      if (dport === 8080) return dst === '192.168.0.210';
      return dport === 25 || (dport === 443 && src.startsWith('192.168.0.'));
    }
    return !includes(addresses.closed, dst);
  };
  return maySend() && mayReceive();
}

function isListed(address: string): boolean {
  return includes([...addresses.webserv, ...addresses.mail, ...addresses.closed], address);
}

function includes(list: readonly string[], address: string): boolean {
  return list.includes(address);
}

const servicePorts = [25, 80, 443, 8080];

/** From outside: every guest address, on every port, from source ports on both sides of every limit. */
const inward: readonly Syn[] = ['client', 'far'].flatMap((machine) =>
  guestAddresses.flatMap((dst) =>
    [...servicePorts, 22].flatMap((dport) =>
      [null, 22, 79, 80, 81, 442, 443, 444, 1023, 1024, 8080, 65535].map((sport) => ({
        machine,
        src: machine === 'client' ? addresses.client : addresses.far,
        sport,
        dst,
        dport,
      })),
    ),
  ),
);

const anyPort = [...servicePorts, 22, 5000];

/**
 * Opened by guests, from ports 80 and 443 too: the document's rules let those out to anywhere. Never the two ports of a
 * connection above the other way round: dom0 remembers that one for a while, and takes the SYN for a part of it.
 */
const outward: readonly Syn[] = guests.flatMap((machine) =>
  addresses[machine].flatMap((src) =>
    [addresses.client, addresses.far].flatMap((dst) =>
      (
        [
          [null, anyPort],
          [80, [25, 5000]],
          [443, [25, 5000]],
          [2222, anyPort],
        ] as const
      ).flatMap(([sport, dports]) => dports.map((dport) => ({ machine, src, sport, dst, dport }))),
    ),
  ),
);

/** From guest to guest, by way of dom0. */
const across: readonly Syn[] = guests.flatMap((machine) =>
  addresses[machine].flatMap((src) =>
    guests
      .filter((other) => other !== machine)
      .flatMap((other) => [...addresses[other]])
      .flatMap((dst) =>
        [...servicePorts, 22].map((dport) => ({ machine, src, sport: null, dst, dport })),
      ),
  ),
);

function withStray(plan: LabPlan): LabPlan {
  const guest = {
    name: stray.name,
    nics: [{ vifOf: 'xen1', addresses: [`${stray.address}/24`] }],
    gateway: '192.168.0.1',
  };
  return { ...plan, hosts: [...plan.hosts, guest] };
}

const describe = await labDescribe();

describe('dom0’s firewall', () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.start(inventoryText, { adapt: withStray });
    const { lab } = fleet;
    await fleet.mustApply();
    await lab.flushNeighbours();
    for (const guest of guests) await listen(guest, addresses[guest], servicePorts);
    await listen('client', [addresses.client], anyPort);
    await listen('far', [addresses.far], anyPort);
  });
  afterAll(async () => {
    await fleet?.lab.down();
  });

  async function listen(host: string, on: readonly string[], ports: readonly number[]) {
    await fleet.lab
      .host(host)
      .listen(on.flatMap((address) => ports.map((port) => ({ address, port }))));
  }

  /** Sends them all, each machine its own at once; gives a line each. */
  async function outcomes(syns: readonly Syn[], patient = false): Promise<readonly string[]> {
    const lines: string[] = [];
    for (const machine of new Set(syns.map((syn) => syn.machine))) {
      const own = syns.filter((syn) => syn.machine === machine);
      const requests = own.map(
        ({ src, sport, dst, dport }): ProbeRequest => ({
          from: src,
          ...(sport === null ? {} : { fromPort: sport }),
          to: dst,
          port: dport,
          // what may pass gets time on a busy machine; what is dropped needs none
          timeoutMs: patient || mayPass({ machine, src, sport, dst, dport }) ? 5000 : 700,
        }),
      );
      const results = await fleet.lab.host(machine).probe(requests);
      lines.push(...own.map((syn, index) => line(syn, results[index]?.status ?? 'lost')));
    }
    return lines;
  }

  function line({ src, sport, dst, dport }: Syn, status: string): string {
    return `${src}:${sport ?? '*'} > ${dst}:${dport} ${status}`;
  }

  function expected(syns: readonly Syn[]): readonly string[] {
    return [...new Set(syns.map(({ machine }) => machine))].flatMap((machine) =>
      syns
        .filter((syn) => syn.machine === machine)
        .map((syn) => line(syn, mayPass(syn) ? 'open' : 'timeout')),
    );
  }

  const tables = [
    ['from outside', inward, 960],
    ['opened by guests', outward, 256],
    ['from guest to guest', across, 240],
  ] as const;

  test.each(tables)('decides on SYNs %s as the inventory says', async (_, syns, count) => {
    const seen = await outcomes(syns);

    expect(seen).toHaveLength(count);
    expect(new Set(syns.map(mayPass))).toEqual(new Set([true, false]));
    expect(seen).toEqual(expected(syns));
  });

  test('lets the admin network, and nobody else outside, to port 22 of guests that have a list', async () => {
    const ssh = guestAddresses.map((to) => ({ to, port: 22 }));

    const fromController = await fleet.lab.probe(ssh);
    const fromClient = await fleet.lab.host('client').probe(ssh);

    const open = (results: typeof fromClient) =>
      results.filter(({ status }) => status === 'open').map(({ request }) => request.to);
    expect(open(fromController)).toEqual(guestAddresses);
    expect(open(fromClient)).toEqual([...addresses.free, ...addresses.stray]);
  });

  test('is not in the way to dom0 itself, from outside and from a guest that may do nothing', async () => {
    const dom0 = [{ to: '192.168.0.100', port: 22 }];

    const results = await Promise.all(
      ['client', 'far', 'closed'].map((name) => fleet.lab.host(name).probe(dom0)),
    );

    expect(results.flat().map(({ status }) => status)).toEqual(['open', 'open', 'open']);
  });

  test('is what closes: without its one jump every one of these connections is open', async () => {
    const all = tables.flatMap(([, syns]) => syns).filter((syn) => !mayPass(syn));
    await fleet.lab.host('xen1').exec(['iptables', '-D', 'FORWARD', '-j', 'XPUSH-FWD']);

    const seen = await outcomes(all, true);

    expect(seen.filter((outcome) => !outcome.endsWith(' open'))).toEqual([]);
  });
});
