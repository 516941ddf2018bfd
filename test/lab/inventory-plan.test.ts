import { describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { Inventory } from '../../src/inventory/model.ts';
import { labPlanFor, surroundings } from '../../src/lab/inventory-plan.ts';
import { LabError } from '../../src/lab/lab.ts';

const load = (text: string): Promise<Inventory> => loadInventory({ argument: '-', stdin: text });

const fleet = `
networks:
  lan: { subnet: 192.168.0.0/24, gateway: 192.168.0.1 }
  dmz: { subnet: 198.51.100.0/29, gateway: 198.51.100.1 }
dom0:
  xen1: { address: 192.168.0.10, uplink: eth1 }
domU:
  web:
    dom0: xen1
    vifs:
      - { ip: 192.168.0.200 }
      - { ips: [198.51.100.2, 198.51.100.3], bridge: br0, script: vif-bridge }
hosts:
  router: { address: 192.168.0.50 }
`;

describe('labPlanFor', () => {
  test('gives each host its addresses, and a guest its vifs, bridged ones on the wire itself', async () => {
    const { hosts } = labPlanFor(await load(fleet), {
      antispoof: 'iptables',
      forwarding: true,
      guestRpFilter: 1,
      kinds: { web: 'mini' },
    });

    const byName = new Map(hosts.map((host) => [host.name, host]));
    expect(byName.get('xen1')).toMatchObject({
      kind: 'full',
      nics: [{ segment: 'lan', iface: 'eth1', addresses: ['192.168.0.10/24'] }],
      gateway: '192.168.0.1',
      dom0: { uplink: 'eth1', antispoof: 'iptables', forwarding: true },
    });
    expect(byName.get('web')).toMatchObject({
      kind: 'mini',
      nics: [
        { vifOf: 'xen1', iface: 'eth0', addresses: ['192.168.0.200/24'] },
        {
          segment: 'lan',
          iface: 'eth1',
          addresses: ['198.51.100.2/29', '198.51.100.3/29'],
        },
      ],
      gateway: '192.168.0.1',
      sysctls: { 'net.ipv4.conf.all.rp_filter': 1 },
    });
  });

  test('adds machines with names and addresses that the inventory does not use', async () => {
    const inventory = await load(fleet);
    const plan = labPlanFor(inventory);

    const { router, client, far, farAddress } = surroundings(inventory);
    expect({ router, client, far, farAddress }).toEqual({
      router: 'lab-router',
      client: 'client',
      far: 'far',
      farAddress: '203.0.113.2',
    });
    expect(plan.segments[0]?.controller).toEqual(['192.168.0.11/24', '198.51.100.4/29']);
    expect(plan.hosts.find(({ name }) => name === client)?.nics[0]?.addresses).toEqual([
      '192.168.0.51/24',
      '198.51.100.5/29',
    ]);
    expect(plan.hosts.find(({ name }) => name === router)?.nics[0]?.addresses).toEqual([
      '192.168.0.1/24',
      '198.51.100.1/29',
    ]);
  });

  test('puts configuration files on dom0 that name each vif, but not its script', async () => {
    const plan = labPlanFor(await load(fleet));

    const files = plan.hosts.find(({ name }) => name === 'xen1')?.files ?? {};
    expect(files['/etc/xen/web.cfg']).toMatch(
      /^vif {5}= \[ 'mac=00:16:3e:\S+, ip=192.168.0.200',$/m,
    );
    expect(files['/etc/xen/web.cfg']).not.toContain('script');
  });

  test('refuses a host whose address is in none of the networks', async () => {
    const inventory = await load(`${fleet}  alone: { address: alone.example.org }\n`);

    expect(() => labPlanFor(inventory)).toThrow(
      new LabError('alone: the address alone.example.org is in no network of the inventory'),
    );
  });
});
