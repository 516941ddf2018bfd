import { beforeAll, describe, expect, test } from 'vitest';
import { describeHost, describeInventory, inventoryGraph } from '../../src/cli/describe.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { Inventory } from '../../src/inventory/model.ts';

let fleet: Inventory;

beforeAll(async () => {
  fleet = await loadInventory({
    argument: '-',
    stdin: `networks: { lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 }, back: { subnet: 10.9.0.0/16 } }
vars: { site: north }
dom0: { xen1: { address: 10.0.0.100 } }
domU:
  web:
    dom0: xen1
    vifs: [ { ips: [10.0.0.5, 10.0.0.6] }, { ip: 10.0.0.7 }, { ip: 10.9.0.5 } ]
    allow: [ { proto: tcp, ports: [80, "1024-2048"] } ]
  mail: { dom0: xen1, vifs: [ { ips: [10.0.0.8, 10.0.0.9] } ] }
hosts: { db: { ssh: { jump: xen1, host_key_checking: accept-new } } }
groups: { front: [web], shop: { children: [front], hosts: [db] }, none: [] }
`,
  });
});

describe('describeHost', () => {
  test('has all that is derived for a domU', () => {
    const web = fleet.hosts.get('web');

    expect(web && describeHost(web)).toMatchObject({
      kind: 'domU',
      address: '10.0.0.5',
      vars: { site: 'north' },
      groups: ['all', 'domU', 'domU@xen1', 'shop', 'front'],
      config: '/etc/xen/web.cfg',
      vifs: [
        {
          iface: 'eth0',
          mac: '00:16:3e:75:ff:30',
          ipv4: { ips: ['10.0.0.5', '10.0.0.6'], network: 'lan', prefix: 24 },
          ipv6: null,
          table: { id: 16, name: 'eth0-5' },
        },
        { iface: 'eth1', ipv4: { network: 'lan' } },
        {
          iface: 'eth2',
          ipv4: { network: 'back', priorities: [1032] },
          table: { id: 18, name: 'eth2-5' },
        },
      ],
      rules: [
        '1000: from 10.0.0.5 lookup 16',
        '1001: from 10.0.0.6 lookup 16',
        '1016: from 10.0.0.7 lookup 17',
      ],
      tables: [
        {
          id: 16,
          name: 'eth0-5',
          routes: [
            '10.0.0.0/24 dev eth0 scope link src 10.0.0.5',
            '10.9.0.0/16 dev eth2 scope link src 10.9.0.5',
            'default via 10.0.0.1 dev eth0 src 10.0.0.5',
          ],
        },
        {
          id: 17,
          name: 'eth1-7',
          routes: [
            '10.0.0.0/24 dev eth1 scope link src 10.0.0.7',
            '10.9.0.0/16 dev eth2 scope link src 10.9.0.5',
            'default via 10.0.0.1 dev eth1 src 10.0.0.7',
          ],
        },
      ],
      allow: [{ proto: 'tcp', ports: ['80', '1024-2048'], from: [], direction: 'in' }],
    });
  });

  test('shows no rules and tables where none are made', () => {
    const mail = fleet.hosts.get('mail');

    expect(mail && describeHost(mail)).toMatchObject({ rules: [], tables: [], allow: null });
  });
});

describe('describeHost, of both families', () => {
  test('has the rules of a guest in their order, and each table with all of its routes', async () => {
    const { hosts } = await loadInventory({ argument: 'inventory/dual-stack.yaml' });
    const web = hosts.get('web');

    expect(web && describeHost(web)).toMatchObject({
      address: '192.168.0.200',
      vifs: [
        { ipv6: { ips: ['2001:db8:1::200'], network: 'lan6', prefix: 64, priorities: [1001] } },
        { ips: ['192.168.0.201', '2001:db8:1::201'], table: { id: 17, name: 'eth1-201' } },
      ],
      rules: [
        '1000: from 192.168.0.200 lookup 16',
        '1001: from 2001:db8:1::200 lookup 16',
        '1016: from 192.168.0.201 lookup 17',
        '1017: from 2001:db8:1::201 lookup 17',
      ],
      tables: [
        { id: 16, routes: expect.arrayContaining([expect.stringMatching(/^default via 192\./)]) },
        {
          id: 17,
          routes: expect.arrayContaining([
            'default via 192.168.0.1 dev eth1 src 192.168.0.201',
            expect.stringMatching(/^default via fe80::fcff:ffff:feff:ffff dev eth1/),
          ]),
        },
      ],
      allow: [{ from: [] }, { proto: 'icmp' }, { to: ['192.168.0.210/32', '2001:db8:1::210/128'] }],
    });
  });
});

describe('describeInventory', () => {
  test('is JSON that holds every host, network and group', () => {
    const json = JSON.parse(JSON.stringify(describeInventory(fleet)));

    expect(Object.keys(json)).toEqual(['networks', 'hosts', 'groups', 'playbooks']);
    expect(Object.keys(json.hosts)).toEqual(['xen1', 'web', 'mail', 'db']);
    expect(json.networks.back).toEqual({ subnet: '10.9.0.0/16', gateway: null, vlan: null });
    expect(json.groups.shop).toEqual({ hosts: ['web', 'db'], children: ['front'] });
    expect(json.hosts.db.ssh).toMatchObject({ jump: 'xen1', host_key_checking: 'accept-new' });
    expect(json.hosts.xen1).toMatchObject({ kind: 'dom0', uplink: 'eth0', domUs: ['web', 'mail'] });
  });
});

describe('inventoryGraph', () => {
  test('shows each dom0 with its guests, then the groups', () => {
    expect(inventoryGraph(fleet)).toBe(`xen1 (dom0) 10.0.0.100
|-- web (domU) eth0=10.0.0.5,10.0.0.6 eth1=10.0.0.7 eth2=10.9.0.5
|-- mail (domU) eth0=10.0.0.8,10.0.0.9
db (host) db
@all: xen1, web, mail, db
@dom0: xen1
@domU: web, mail
@domU@xen1: web, mail
@front: web
@shop: @front, web, db
@none: -
`);
  });
});
