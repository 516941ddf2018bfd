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

    const { router, client, far, farAddress, farAddress6 } = surroundings(inventory);
    expect(farAddress6).toBeNull();
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

  test('gives dom0 an address of each family that its guests have, and leaves out routers of theirs', async () => {
    const { hosts } = labPlanFor(
      await load(`
networks:
  lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 }
  lan6: { subnet: "2001:db8::/64", gateway: "fe80::1" }
dom0: { xen1: { address: 10.0.0.2 }, xen2: { address: "2001:db8::2" }, xen3: { address: 10.0.0.3 } }
domU:
  both: { dom0: xen1, vifs: [{ ips: [10.0.0.5, "2001:db8::5"] }] }
  six: { dom0: xen2, vifs: [{ ip: "2001:db8::6" }] }
  four: { dom0: xen3, vifs: [{ ip: 10.0.0.7 }] }
`),
      { forwarding: true },
    );

    const plan = (name: string) => hosts.find((host) => host.name === name);
    expect(plan('xen1')).toMatchObject({
      nics: [{ addresses: ['10.0.0.2/24', '2001:db8::64/64'] }],
      gateway: '10.0.0.1',
      routes: ['::/0 via fe80::1 dev eth0'],
      sysctls: { 'net.ipv6.conf.all.forwarding': 1, 'net/ipv6/conf/eth0/proxy_ndp': 1 },
    });
    expect(plan('xen2')?.nics).toMatchObject([{ addresses: ['2001:db8::2/64', '169.254.1.1/16'] }]);
    expect(plan('xen3')?.nics).toMatchObject([{ addresses: ['10.0.0.3/24'] }]);
    expect(plan('both')).toMatchObject({
      nics: [{ addresses: ['10.0.0.5/24', '2001:db8::5/128'] }],
      gateway: '10.0.0.1',
    });
    expect(plan('both')).not.toHaveProperty('routes');
    expect(plan('six')?.routes).toEqual(['::/0 via fe80::fcff:ffff:feff:ffff dev eth0']);
    expect(plan('xen2')?.files?.['/etc/xen/six.cfg']).toMatch(/\[ 'mac=00:16:3e:\S+' \]/);
  });

  test('is IPv4 alone for a fleet of IPv4', async () => {
    expect(JSON.stringify(labPlanFor(await load(fleet), { forwarding: true }))).not.toMatch(
      /ipv6|::|inet6/,
    );
  });

  test('writes the first interface of a guest into its file, with both families', async () => {
    const { hosts } = labPlanFor(
      await load(`
networks:
  lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 }
  lan6: { subnet: "2001:db8::/64", gateway: "2001:db8::1" }
dom0: { xen1: { address: 10.0.0.2 } }
domU:
  web: { dom0: xen1, vifs: [{ ips: ["2001:db8::5", 10.0.0.5], script: vif-bridge }, { ip: 10.0.0.6 }] }
`),
    );

    const files = hosts.find(({ name }) => name === 'web')?.files ?? {};
    expect(files['/etc/network/interfaces']).toBe(`auto lo
iface lo inet loopback

auto eth0
iface eth0 inet static
\taddress 10.0.0.5/24
\tgateway 10.0.0.1
iface eth0 inet6 static
\taddress 2001:db8::5/64
\tgateway 2001:db8::1
`);
  });

  test('refuses a host whose address is in none of the networks', async () => {
    const inventory = await load(`${fleet}  alone: { address: alone.example.org }\n`);

    expect(() => labPlanFor(inventory)).toThrow(
      new LabError('alone: the address alone.example.org is in no network of the inventory'),
    );
  });
});
