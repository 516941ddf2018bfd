import { describe, expect, test } from 'vitest';
import type { TcpOutcome } from '../../src/connection/probe-tcp.ts';
import { type Health, healthPlan, lostHealth } from '../../src/engine/health.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';

const inventory = await loadInventory({
  argument: '-',
  stdin: `
networks:
  lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 }
  six: { subnet: "2001:db8::/64", gateway: "2001:db8::1" }
  other: { subnet: 10.9.0.0/24, gateway: 10.9.0.1 }
  front: { subnet: 10.1.0.0/24, gateway: 10.1.0.1 }
dom0: { xen1: { address: 10.0.0.2 }, xen2: { address: 10.0.0.3 } }
domU:
  open:
    dom0: xen2
    vifs: [{ ips: [10.1.0.10, 10.1.0.11] }]
    allow:
      - { proto: tcp, ports: [80, 5000-5010, 6000-6999] }
      - { proto: tcp, ports: [25], from: [10.9.0.0/16] }
      - { proto: tcp, ports: [443], from_ports: [3000], to: [10.1.0.10] }
      - { proto: tcp, ports: [21], from_ports: [20] }
      - { proto: udp, ports: [53] }
  many:
    dom0: xen2
    vifs: [{ ip: 10.1.0.12 }]
    allow:
${Array.from({ length: 40 }, (_, n) => `      - { proto: tcp, ports: [${[0, 1, 2].map((m) => 100 + 3 * n + m)}] }`).join('\n')}
  direct: { dom0: xen1, vifs: [{ ip: 10.0.0.10 }] }
  behind: { dom0: xen1, ssh: { jump: dom0 }, vifs: [{ ips: [10.0.0.11, "2001:db8::11"] }] }
hosts:
  gate: { address: 10.0.0.1 }
  named: { address: plain.example }
`,
});

function planOf(name: string, source: string | null = null) {
  const host = inventory.hosts.get(name);
  if (host === undefined) throw new Error(name);
  return healthPlan(host, inventory, { sourceTo: () => source, isRoot: false });
}

const plan = planOf('xen1');

function health(pings: Readonly<Record<string, boolean>>, probe: TcpOutcome | null): Health {
  return { pings: new Map(Object.entries(pings)), probes: [probe] };
}

const well = health({ '10.0.0.1': true, '10.0.0.11': true }, 'open');

describe('healthPlan', () => {
  test('of a dom0: its gateway, guests that are reached through it, and from here the others', () => {
    expect([...plan.pings]).toEqual([
      ['10.0.0.1', 'its gateway 10.0.0.1'],
      ['10.0.0.11', 'its guest behind (10.0.0.11)'],
    ]);
    expect(plan.probes).toEqual([
      { probe: { address: '10.0.0.10', port: 22, localPort: null }, guest: 'direct' },
    ]);
  });

  test('of a run that goes back: ports that the inventory opens do not count, SSH does', () => {
    const host = inventory.hosts.get('xen2');
    if (host === undefined) throw new Error('xen2');
    const { probes } = healthPlan(host, inventory, null);

    expect(probes.map(({ probe }) => `${probe.address}:${probe.port}`)).toEqual([
      '10.1.0.10:22',
      '10.1.0.12:22',
    ]);
  });

  test('of a guest: the gateways of all its networks, of both families', () => {
    expect([...planOf('behind').pings.keys()]).toEqual(['10.0.0.1', '2001:db8::1']);
    expect(planOf('behind').probes).toEqual([]);
  });

  test('of a gateway, or of a host that has no address yet: nothing', () => {
    expect(planOf('gate').pings.size).toBe(0);
    expect(planOf('named').pings.size).toBe(0);
  });
});

describe('what the inventory opens', () => {
  const portsOf = (name: string, source: string | null) =>
    planOf(name, source).probes.map(
      ({ probe: { address, port, localPort }, guest }) =>
        `${guest ?? 'own'} ${address} ${port}${localPort === null ? '' : ` from ${localPort}`}`,
    );

  test('single ports and the first of small ranges, at each address, for who may', () => {
    expect(portsOf('open', '10.8.0.1')).toEqual([
      ...['own 10.1.0.10 80', 'own 10.1.0.10 5000', 'own 10.1.0.10 443 from 3000'],
      ...['own 10.1.0.11 80', 'own 10.1.0.11 5000'],
    ]);
  });

  test('what is open to others is not tried; with no way of its own, nothing is', () => {
    expect(portsOf('open', '10.9.9.9')).toContain('own 10.1.0.10 25');
    expect(portsOf('open', '10.8.0.1')).not.toContain('own 10.1.0.10 25');
    expect(portsOf('open', null)).toEqual([]);
  });

  test('of a guest that is not filtered: that of its SSH, at each address', () => {
    expect(portsOf('behind', '10.8.0.1')).toEqual(['own 10.0.0.11 22', 'own 2001:db8::11 22']);
  });

  test('of a dom0: those of its guests in turns, each once, 64 at most', () => {
    const ports = portsOf('xen2', '10.8.0.1');

    expect(ports).toHaveLength(64);
    expect(new Set(ports).size).toBe(64);
    expect(ports).toEqual(
      expect.arrayContaining(['many 10.1.0.12 22', 'open 10.1.0.10 22', 'open 10.1.0.11 80']),
    );
  });
});

describe('lostHealth', () => {
  test('what works as before is not lost', () => {
    expect(lostHealth(plan, well, well)).toEqual([]);
  });

  test('what was broken before does not count', () => {
    const ill = health({ '10.0.0.1': false }, 'timeout');

    expect(lostHealth(plan, ill, ill)).toEqual([]);
    expect(lostHealth(plan, ill, well)).toEqual([]);
    expect(lostHealth(plan, health({}, null), health({}, null))).toEqual([]);
  });

  test('what does not answer any more is named', () => {
    expect(lostHealth(plan, well, health({ '10.0.0.11': true }, 'timeout'))).toEqual([
      'it does not reach its gateway 10.0.0.1 any more',
      'its guest direct (10.0.0.10) does not answer on port 22 any more',
    ]);
  });

  test.each<[TcpOutcome, TcpOutcome, boolean]>([
    ['open', 'refused', true],
    ['refused', 'refused', false],
    ['refused', 'open', false],
    ['refused', 'unreachable', true],
    ['unreachable', 'timeout', false],
    ['open', 'not_sent', true],
  ])('a port that was %s and is %s: lost is %s', (before, after, isLost) => {
    const lost = lostHealth(plan, health({}, before), health({}, after));

    expect(lost.length > 0).toBe(isLost);
  });
});
