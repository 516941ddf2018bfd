import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseYaml } from '../../src/source/parse-yaml.ts';
import { toData } from '../../src/source/source-node.ts';
import { netplanPath, netplanPlan } from '../../src/xen/netplan.ts';
import { plainNetplanFile } from '../../src/xen/netplan-file.ts';
import { inForce, type ObservedFile } from '../../src/xen/whole-file.ts';
import { runs } from '../runs.ts';
import { fileOf } from '../steps/observed.ts';
import { routed } from './dual-stack.ts';
import { guest, lan, vif, webserv } from './fleet.ts';

fc.configureGlobal({ numRuns: runs() });

const two = guest('two', webserv.vifs.slice(0, 2));
const alone = guest('alone', [vif(0, lan, ['192.168.0.200'])]);

const observed = (files: Readonly<Record<string, string>>): readonly ObservedFile[] =>
  inForce([
    {
      exists: true,
      files: new Map(Object.entries(files).map(([path, text]) => [path, fileOf(text)])),
      isCut: false,
    },
  ]);

/** The files after a plan, those that it does not touch included. Throws for a refusal. */
function planned(
  files: Readonly<Record<string, string>>,
  domU = alone,
): Readonly<Record<string, string>> {
  const plan = netplanPlan(domU, observed(files), true);
  if ('refusal' in plan) throw new Error(plan.refusal);
  return { ...files, ...Object.fromEntries(plan.files.map(({ path, text }) => [path, text])) };
}

const cloud = '/etc/netplan/50-cloud-init.yaml';

describe('netplanPlan', () => {
  test('writes a definition for each vif', () => {
    expect(planned({}, two)[netplanPath]).toBe(`# Written by xpush. Changes here are overwritten.
network:
  version: 2
  ethernets:
    eth0:
      match: {macaddress: "de:ad:be:ef:00:00"}
      set-name: eth0
      dhcp4: false
      dhcp6: false
      addresses:
        - "192.168.0.200/24"
      routes:
        - {to: "192.168.0.0/24", from: "192.168.0.200", scope: "link", table: 16}
        - {to: "0.0.0.0/0", via: "192.168.0.1", from: "192.168.0.200", table: 16}
        - {to: "0.0.0.0/0", via: "192.168.0.1"}
      routing-policy:
        - {from: "192.168.0.200/32", table: 16, priority: 1000}
    eth1:
      match: {macaddress: "de:ad:be:ef:00:01"}
      set-name: eth1
      dhcp4: false
      dhcp6: false
      addresses:
        - "192.168.0.201/24"
      routes:
        - {to: "192.168.0.0/24", from: "192.168.0.201", scope: "link", table: 17}
        - {to: "0.0.0.0/0", via: "192.168.0.1", from: "192.168.0.201", table: 17}
      routing-policy:
        - {from: "192.168.0.201/32", table: 17, priority: 1016}
`);
  });

  test('leaves names to others where they are said elsewhere', () => {
    const plan = netplanPlan(two, [], false);

    expect(JSON.stringify(plan)).not.toContain('set-name');
  });

  test('takes the definition that cloud-init wrote out of its file, and nothing else', () => {
    const text = `# This file is generated from information provided by the datasource.
network:
    ethernets:
        eth0:   # the first
            addresses: [192.168.0.200/24]
            dhcp6: true
            gateway4: 192.168.0.1
            match:
                macaddress: DE:AD:BE:EF:00:00
            # of the house
            set-name: eth0
        # the second is ours
        eth9: {dhcp4: yes}
    version: 2
`;

    expect(planned({ [cloud]: text })[cloud]).toBe(
      `# This file is generated from information provided by the datasource.
network:
    ethernets:
        # the second is ours
        eth9: {dhcp4: yes}
    version: 2
`,
    );
  });

  test('leaves what else a definition says where it is, under its id', () => {
    const text = `network:
  version: 2
  renderer: networkd
  ethernets:
    uplink:
      match: {macaddress: "de:ad:be:ef:00:00"}
      set-name: eth0
      dhcp4: true
      mtu: 1400
      nameservers:
        addresses: [192.168.0.2]
      routes:
      - to: default
        via: 192.168.0.1
      - to: 10.9.0.0/16
        via: 192.168.0.9
      - to: default
        via: 192.168.0.1
        table: 16
      routing-policy:
      - from: 192.168.0.200
        table: 16
`;

    const after = planned({ [cloud]: text });

    expect(after[cloud]).toBe(`network:
  version: 2
  renderer: networkd
  ethernets:
    uplink:
      match: {macaddress: "de:ad:be:ef:00:00"}
      mtu: 1400
      nameservers:
        addresses: [192.168.0.2]
      routes:
      - to: 10.9.0.0/16
        via: 192.168.0.9
`);
    expect(after[netplanPath]).toContain('    "uplink":\n      match:');
    expect(planned(after)).toEqual(after);
  });

  test('keeps the id that a VLAN of another file is built upon', () => {
    const files = {
      [cloud]: `network:\n  ethernets:\n    nic:\n      match: {macaddress: "de:ad:be:ef:00:00"}\n      dhcp4: true\n`,
      '/etc/netplan/70-vlan.yaml': 'network:\n  vlans:\n    lan7: {id: 7, link: nic}\n',
    };

    const after = planned(files);

    expect(after[cloud]).toBe('');
    expect(after[netplanPath]).toContain('    "nic":\n');
    expect(planned(after)).toEqual(after);
  });

  test('comes before a definition for all interfaces of that name', () => {
    const all = 'network:\n  ethernets:\n    all-eth: {match: {name: "eth*"}, dhcp4: true}\n';

    expect(planned({ '/etc/netplan/90-default.yaml': all })[netplanPath]).toContain(
      '    "00-eth0":\n',
    );
  });

  test('does not share its id with an interface of another MAC', () => {
    const other =
      'network:\n  ethernets:\n    eth0: {match: {macaddress: "00:11:22:33:44:55"}, dhcp4: true}\n';

    expect(planned({ '/etc/netplan/90-default.yaml': other })).toMatchObject({
      '/etc/netplan/90-default.yaml': other,
      [netplanPath]: expect.stringContaining('    "00-eth0":\n'),
    });
  });

  test.each<[string, string, RegExp]>([
    ['what is no YAML', 'network: [\n', /^\/etc\/netplan\/50-cloud-init.yaml:\d+:\d+: /],
    [
      'flow style',
      'network: {ethernets: {eth0: {dhcp4: true}, eth9: {dhcp4: true}}}\n',
      /50-cloud-init.yaml:1:23 says /,
    ],
    [
      'an anchor that others use',
      'network:\n  ethernets:\n    eth0: &all\n      dhcp4: true\n    eth9: *all\n',
      /50-cloud-init.yaml:3:5 says /,
    ],
    [
      'NetworkManager',
      'network:\n  version: 2\n  renderer: NetworkManager\n',
      /50-cloud-init.yaml:3:13: netplan hands/,
    ],
    [
      'two definitions that both keep something',
      'network:\n  ethernets:\n    eth0: \n      mtu: 1400\n    nic:\n      match: {macaddress: "de:ad:be:ef:00:00"}\n      optional: true\n',
      /several definitions of eth0: eth0, nic/,
    ],
    [
      'a definition for all that sorts first',
      'network:\n  ethernets:\n    "0": {match: {name: "e*"}, dhcp4: true}\n',
      /50-cloud-init.yaml:3:\d+: the definition 0 comes before 00-eth0/,
    ],
  ])('is refused by its place: %s', (_, text, words) => {
    expect(netplanPlan(alone, observed({ [cloud]: text }), true)).toHaveProperty(
      'refusal',
      expect.stringMatching(words),
    );
  });

  test('is refused where a program makes the file', () => {
    const text = 'network:\n  ethernets:\n    eth0:\n      dhcp4: true\n';

    expect(netplanPlan(alone, observed({ '/run/netplan/50.yaml': text }), true)).toHaveProperty(
      'hint',
      expect.stringContaining('/etc/netplan/'),
    );
  });

  test('is refused where a file of another has its name, or one can’t be read', () => {
    const mine = observed({ [netplanPath]: 'network: {version: 2}\n' });
    const closed = [{ path: cloud, file: { type: 'unreadable' } as const }];

    expect(netplanPlan(alone, mine, true)).toHaveProperty('refusal');
    expect(netplanPlan(alone, closed, true)).toHaveProperty('hint', 'log in as root');
  });
});

describe('plainNetplanFile', () => {
  test('has addresses and default routes only', () => {
    const text = planned({}, routed)[netplanPath] ?? '';

    const plain = plainNetplanFile(text);

    expect(plain).not.toMatch(/xpush|table|routing-policy/);
    const parsed = parseYaml(plain, 'plain');
    expect(parsed.ok && toData(parsed.value)).toMatchObject({
      network: {
        ethernets: {
          eth0: {
            addresses: ['192.168.0.200/24', '2001:db8:1::200/128'],
            routes: [
              { to: '0.0.0.0/0', via: '192.168.0.1' },
              { to: '::/0', via: 'fe80::fcff:ffff:feff:ffff', 'on-link': true },
            ],
          },
          eth1: { addresses: expect.any(Array) },
        },
      },
    });
    expect(plain.match(/routes:/g)).toHaveLength(1);
  });

  const netcfg = `network:
  version: 2
  ethernets:
    eth0:
      match: {macaddress: "DE:AD:BE:EF:00:00"}
      set-name: eth0
      dhcp4: no
      addresses: [192.168.0.200/24]
      routes: [{to: default, via: 192.168.0.1}]
      nameservers: {addresses: [9.9.9.9]}
`;

  test.each([
    ['a route', netcfg],
    ['gateway4', netcfg.replace(/routes: .*/, 'gateway4: 192.168.0.1')],
  ])('writes nothing where a file of somebody else says it all: %s', (_, text) => {
    expect(netplanPlan(alone, observed({ [cloud]: text }), true)).toEqual({
      files: [],
      remarks: [`${cloud} describes them already`],
    });
  });

  test.each([
    ['another address', '200/24', '201/24'],
    ['one more address', '200/24', '200/24, 10.0.0.1/8'],
    ['an address of its own kind', '192.168.0.200/24', '{192.168.0.200/24: {lifetime: 0}}'],
    ['another gateway', '192.168.0.1}', '192.168.0.9}'],
    ['a second gateway', 'nameservers: {addresses: [9.9.9.9]}', 'gateway4: 192.168.0.9'],
    ['no gateway', /routes: .*/, ''],
    ['DHCP', 'dhcp4: no', 'dhcp4: yes'],
    ['another name', 'set-name: eth0', 'set-name: lan0'],
    ['no name', 'set-name: eth0', ''],
    ['nothing at boot', 'dhcp4: no', 'activation-mode: off'],
    [
      'a rule',
      'nameservers: {addresses: [9.9.9.9]}',
      'routing-policy: [{from: 192.168.0.200, table: 9}]',
    ],
  ])('writes its own where that says something else: %s', (_, said, instead) => {
    const text = netcfg.replace(said, instead);
    expect(text).not.toBe(netcfg);

    const plan = netplanPlan(alone, observed({ [cloud]: text }), true);

    expect('refusal' in plan || plan.files[0]?.path === netplanPath).toBe(true);
  });

  test('writes its own where two files speak of a vif, or one made by a program', () => {
    const texts = { [cloud]: netcfg, '/etc/netplan/60-more.yaml': netcfg };
    const made = { '/run/netplan/50-made.yaml': netcfg };

    expect(planned(texts)[netplanPath]).toContain('192.168.0.200/24');
    expect(netplanPlan(alone, observed(made), true)).toHaveProperty('refusal');
  });

  test('what it would write itself it leaves to whoever says it, policy routing and IPv6 included', () => {
    for (const domU of [webserv, two, alone, routed]) {
      const text = planned({}, domU)[netplanPath]?.replace(/^#.*\n/, '') ?? '';

      expect(netplanPlan(domU, observed({ [cloud]: text }), true)).toMatchObject({ files: [] });
    }
  });
});
