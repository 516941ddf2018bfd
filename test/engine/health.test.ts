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
dom0: { xen1: { address: 10.0.0.2 } }
domU:
  direct: { dom0: xen1, vifs: [{ ip: 10.0.0.10 }] }
  behind: { dom0: xen1, ssh: { jump: dom0 }, vifs: [{ ips: [10.0.0.11, "2001:db8::11"] }] }
hosts:
  gate: { address: 10.0.0.1 }
  named: { address: plain.example }
`,
});

function planOf(name: string) {
  const host = inventory.hosts.get(name);
  if (host === undefined) throw new Error(name);
  return healthPlan(host, inventory);
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

  test('of a guest: the gateways of all its networks, of both families', () => {
    expect([...planOf('behind').pings.keys()]).toEqual(['10.0.0.1', '2001:db8::1']);
    expect(planOf('behind').probes).toEqual([]);
  });

  test('of a gateway, or of a host that has no address yet: nothing', () => {
    expect(planOf('gate').pings.size).toBe(0);
    expect(planOf('named').pings.size).toBe(0);
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
