import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatIp } from '../../src/inventory/address.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { Allow, DomU, Inventory } from '../../src/inventory/model.ts';
import { runs } from '../runs.ts';

const NETWORKS = `networks:
  lan: { subnet: 10.0.0.0/24, gateway: 10.0.0.1 }
  lan6: { subnet: "2001:DB8:0::/64", gateway: "fe80:0::1" }
`;

function parse(yaml: string): Promise<Inventory> {
  return loadInventory({ argument: '-', stdin: yaml });
}

function guest(inventory: Inventory, name: string): DomU {
  const host = inventory.hosts.get(name);
  if (host?.kind !== 'domU') throw new Error(`${name} is no domU`);
  return host;
}

describe('loadInventory, of both families', () => {
  test('the shipped example is whole', async () => {
    const inventory = await loadInventory({ argument: 'inventory/dual-stack.yaml' });

    const [web, db] = [guest(inventory, 'web'), guest(inventory, 'db')];
    expect(web.vifs[1]).toMatchObject({
      ips: ['192.168.0.201', '2001:db8:1::201'],
      ipv4: { ips: ['192.168.0.201'], prefix: 24, priorities: [1016] },
      ipv6: { ips: ['2001:db8:1::201'], prefix: 64, priorities: [1017] },
      table: { id: 17, name: 'eth1-201' },
    });
    expect(web.vifs[1]?.ipv6?.network).toMatchObject({ name: 'lan6', gateway: 'fe80::1' });
    expect(web.allow?.[2]).toMatchObject({
      direction: 'out',
      to: ['192.168.0.210/32', '2001:db8:1::210/128'],
    });
    expect(db.allow?.[0]?.from).toEqual([
      '192.168.0.200/32',
      '2001:db8:1::200/128',
      '192.168.0.201/32',
      '2001:db8:1::201/128',
    ]);
    expect(inventory.hosts.get('xen1')).toMatchObject({
      firewall: { admin: ['192.168.0.0/24', '2001:db8:1::/64'] },
    });
  });

  test('addresses are kept in one spelling, wherever they were written', async () => {
    const inventory = await parse(
      `${NETWORKS}ssh: { jump: "2001:DB8::0:9" }
dom0: { x: { address: "2001:DB8::00:2" } }
domU:
  a:
    dom0: x
    vifs: [ { ips: ["2001:DB8:0::0005", "2001:db8::A"] } ]
    allow: [ { proto: icmp, from: ["2001:DB8::F/128", "2001:DB8:0::/48"], to: "2001:0DB8::5" } ]
`,
    );

    const { subnet, gateway } = inventory.networks.get('lan6') ?? {};
    expect([subnet, gateway]).toEqual(['2001:db8::/64', 'fe80::1']);
    expect(inventory.hosts.get('x')).toMatchObject({ address: '2001:db8::2' });
    expect(inventory.hosts.get('x')?.ssh.jump).toBe('2001:db8::9');
    expect(guest(inventory, 'a')).toMatchObject({
      address: '2001:db8::5',
      vifs: [{ ips: ['2001:db8::5', '2001:db8::a'] }],
      allow: [{ from: ['2001:db8::f/128', '2001:db8::/48'], to: ['2001:db8::5'] }],
    });
  });

  test('a vif without IPv4 names its table so, and keeps its number and its priorities', async () => {
    const inventory = await parse(
      `${NETWORKS}dom0: { x: }
domU:
  a:
    dom0: x
    vifs:
      - { ips: ["2001:db8::5", 10.0.0.5, "2001:db8::6", 10.0.0.6] }
      - { ip: "2001:db8::7" }
`,
    );

    const [first, second] = guest(inventory, 'a').vifs;
    expect(first).toMatchObject({
      ips: ['2001:db8::5', '10.0.0.5', '2001:db8::6', '10.0.0.6'],
      ipv4: { ips: ['10.0.0.5', '10.0.0.6'], priorities: [1001, 1003] },
      ipv6: { ips: ['2001:db8::5', '2001:db8::6'], priorities: [1000, 1002] },
      table: { id: 16, name: 'eth0-5' },
    });
    expect(second).toMatchObject({
      ipv4: null,
      ipv6: { ips: ['2001:db8::7'], network: { name: 'lan6' }, prefix: 64, priorities: [1016] },
      table: { id: 17, name: 'eth1-v6' },
    });
    expect(guest(inventory, 'a').address).toBe('2001:db8::5');
  });

  test('each family has its networks, and of those the longest prefix counts', async () => {
    const inventory = await parse(
      `networks: { a: { subnet: "2001:db8::/32" }, b: { subnet: "2001:db8:1::/48" }, c: { subnet: 0.0.0.0/0 } }
dom0: { x: }
domU: { g: { dom0: x, vifs: [ { ip: "2001:db8:1::5" }, { ip: "2001:db8:2::5" }, { ip: 10.0.0.5 } ] } }
`,
    );

    const networks = guest(inventory, 'g').vifs.map(
      ({ ipv4, ipv6 }) => (ipv4 ?? ipv6)?.network.name,
    );
    expect(networks).toEqual(['b', 'a', 'c']);
  });

  test('every address of every vif is in just one of its families, with a priority of its own', async () => {
    const vif = fc.uniqueArray(
      fc.record({ family: fc.constantFrom(4, 6), last: fc.integer({ min: 2, max: 200 }) }),
      {
        minLength: 1,
        maxLength: 16,
        selector: ({ family, last }) => `${family} ${last}`,
      },
    );

    await fc.assert(
      fc.asyncProperty(fc.array(vif, { minLength: 1, maxLength: 5 }), async (drawn) => {
        const vifs = drawn.map((addresses, nth) =>
          addresses.map(({ family, last }) =>
            family === 4
              ? `10.0.${nth}.${last}`
              : formatIp({ family: 6, number: (0x20010db8n << 96n) + BigInt(nth * 256 + last) }),
          ),
        );
        const inventory = await parse(
          JSON.stringify({
            networks: { four: { subnet: '10.0.0.0/16' }, six: { subnet: '2001:db8::/64' } },
            dom0: { x: {} },
            domU: { a: { dom0: 'x', vifs: vifs.map((ips) => ({ ips })) } },
          }),
        );

        const built = guest(inventory, 'a').vifs;
        expect(built.map(({ ips }) => ips)).toEqual(vifs);
        for (const [index, { ips, ipv4, ipv6 }] of built.entries()) {
          const ofBoth = [ipv4, ipv6].flatMap((each) =>
            (each?.ips ?? []).map((ip, nth) => [ip, each?.priorities[nth]]),
          );
          const wanted = ips.map((ip, nth) => [ip, 1000 + 16 * index + nth]);
          expect(new Map(ofBoth as [string, number][])).toEqual(
            new Map(wanted as [string, number][]),
          );
          expect(ipv4?.ips.some((ip) => ip.includes(':'))).not.toBe(true);
          expect(ipv6?.ips.every((ip) => ip.includes(':'))).not.toBe(false);
        }
      }),
      { numRuns: runs() },
    );
  });
});

describe('names in allow lists', () => {
  const allowOf = async (entry: string, more = ''): Promise<Allow | undefined> => {
    const inventory = await parse(
      `${NETWORKS}dom0: { x: { address: 10.0.0.2 } }
domU:
  web: { dom0: x, vifs: [ { ips: [10.0.0.5, "2001:db8::5"] }, { ip: 10.0.0.6 } ], allow: [ ${entry} ] }
  db: { dom0: x, address: 10.0.0.250, vifs: [ { ips: ["2001:db8::7", 10.0.0.7] } ] }
  bare: { dom0: x, address: 10.0.0.8 }
hosts: { ns: { address: "2001:DB8::53" }, 10.0.0.54: }
groups: { back: [db, ns], all-back: { children: [back], hosts: [10.0.0.54] } }
${more}`,
    );
    return guest(inventory, 'web').allow?.[0];
  };

  test.each([
    ['a guest, by the addresses of its vifs', 'db', ['2001:db8::7/128', '10.0.0.7/32']],
    ['a guest without vifs, by its address', 'bare', ['10.0.0.8/32']],
    ['a dom0, by its address', 'x', ['10.0.0.2/32']],
    ['a plain host, by its address', 'ns', ['2001:db8::53/128']],
    ['a network', 'lan6', ['2001:db8::/64']],
    ['a group', 'back', ['2001:db8::7/128', '10.0.0.7/32', '2001:db8::53/128']],
    [
      'a group of groups',
      'all-back',
      ['2001:db8::7/128', '10.0.0.7/32', '2001:db8::53/128', '10.0.0.54/32'],
    ],
    ['a built-in group', 'dom0', ['10.0.0.2/32']],
    [
      'the guests of a dom0, each address once',
      '["domU@x", 10.0.0.7, db]',
      [
        '10.0.0.5/32',
        '2001:db8::5/128',
        '10.0.0.6/32',
        '2001:db8::7/128',
        '10.0.0.7/32',
        '10.0.0.8/32',
      ],
    ],
  ])('%s', async (_, name, cidrs) => {
    expect((await allowOf(`{ proto: tcp, from: ${name} }`))?.from).toEqual(cidrs);
    expect((await allowOf(`{ proto: tcp, direction: out, to: ${name} }`))?.to).toEqual(cidrs);
  });

  test('a host and a network that share a name are only refused where the name is used', async () => {
    const entry = '{ proto: tcp, from: [10.0.0.9] }';

    expect((await allowOf(entry, 'vars: {}'))?.from).toEqual(['10.0.0.9/32']);
    const inventory = await parse(
      `networks: { web: { subnet: 10.0.0.0/24 } }\ndom0: { x: }\ndomU: { web: { dom0: x, vifs: [{ ip: 10.0.0.5 }] } }\n`,
    );
    expect(inventory.hosts.has('web')).toBe(true);
  });

  test('a name stands for at most 1024 addresses', async () => {
    const load = (count: number): Promise<Inventory> => {
      const addresses = Array.from({ length: count }, (_, nth) => `10.0.${nth >> 7}.${nth & 127}`);
      const hosts = addresses.map((address, nth) => [`h${nth}`, { address, groups: ['many'] }]);
      return parse(
        JSON.stringify({
          networks: { lan: { subnet: '10.9.0.0/24' } },
          dom0: { x: {} },
          domU: {
            web: { dom0: 'x', vifs: [{ ip: '10.9.0.5' }], allow: [{ proto: 'tcp', from: 'many' }] },
          },
          hosts: Object.fromEntries(hosts),
          groups: { many: [] },
        }),
      );
    };

    expect(guest(await load(1024), 'web').allow?.[0]?.from).toHaveLength(1024);
    await expect(load(1025)).rejects.toThrow(
      'the group "many" has 1025 addresses, and a rule can have 1024 of a name',
    );
  });

  test('they work in the rules and the admin networks of a dom0 too', async () => {
    const inventory = await parse(
      `${NETWORKS}dom0: { x: { firewall: { admin: [ns, lan6], rules: [ { proto: icmp, from: ns, to: [web, lan6] } ] } } }
domU: { web: { dom0: x, vifs: [ { ips: [10.0.0.5, "2001:db8::5"] } ] } }
hosts: { ns: { address: 10.0.0.53 } }
`,
    );

    expect(inventory.hosts.get('x')).toMatchObject({
      firewall: {
        admin: ['10.0.0.53/32', '2001:db8::/64'],
        rules: [
          { from: ['10.0.0.53/32'], to: ['10.0.0.5/32', '2001:db8::5/128', '2001:db8::/64'] },
        ],
      },
    });
  });
});
