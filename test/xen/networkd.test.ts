import { describe, expect, test } from 'vitest';
import { networkdPath, networkdPlan } from '../../src/xen/networkd.ts';
import type { ObservedFile } from '../../src/xen/whole-file.ts';
import { fileOf } from '../steps/observed.ts';
import { routed } from './dual-stack.ts';
import { guest, lan, mail, vif, webserv } from './fleet.ts';

const other = (name: string, text: string): ObservedFile => ({
  path: `/etc/systemd/network/${name}`,
  file: fileOf(text),
});

const two = guest('two', webserv.vifs.slice(0, 2));

/** The text for a vif; throws for a refusal. */
function fileFor(
  iface: string,
  domU = two,
  systemd = 252,
  others: readonly ObservedFile[] = [],
): string {
  const plan = networkdPlan(domU, others, systemd);
  if ('refusal' in plan) throw new Error(plan.refusal);
  return plan.files.find(({ path }) => path === networkdPath(iface))?.text ?? '';
}

describe('networkdPlan', () => {
  test('writes addresses, routes of all tables and rules of a vif into its own file', () => {
    expect(fileFor('eth0')).toBe(`# Written by xpush. Changes here are overwritten.
[Match]
MACAddress=de:ad:be:ef:00:00
Type=ether

[Network]
Address=192.168.0.200/24

[Route]
Destination=192.168.0.0/24
PreferredSource=192.168.0.200
Scope=link
Table=16

[Route]
Destination=0.0.0.0/0
Gateway=192.168.0.1
PreferredSource=192.168.0.200
Table=16

[Route]
Destination=0.0.0.0/0
Gateway=192.168.0.1

[RoutingPolicyRule]
From=192.168.0.200/32
Table=16
Priority=1000
`);
  });

  test('keeps router advertisements off where the inventory gives IPv6, and only there', () => {
    expect(fileFor('eth0', routed)).toContain('[Network]\nIPv6AcceptRA=no\n');
    expect(fileFor('eth0')).not.toContain('IPv6AcceptRA');
  });

  test('has the words of an older systemd where they were others', () => {
    const old = fileFor('eth0', routed, 241);

    expect(old).toContain('MACAddress=00:16:3e:');
    expect(old).toContain('Name=eth0\n');
    expect(old).toContain('GatewayOnlink=yes\n');
    expect(old).not.toMatch(/Type=|DuplicateAddressDetection|RouteMetric|GatewayOnLink/);
    expect(fileFor('eth0', routed, 252)).toMatch(
      /Address=2001:db8:1::200\/128\nDuplicateAddressDetection=none\n.*GatewayOnLink=yes\n/s,
    );
  });

  test('is refused on a networkd without policy routing that needs it, and only there', () => {
    expect(networkdPlan(two, [], 232)).toMatchObject({
      refusal: 'systemd-networkd 232 has no policy routing',
      hint: expect.stringContaining('network_config: ifupdown'),
    });
    expect(networkdPlan(mail, [], 232)).toHaveProperty('files.length', 1);
  });

  test.each([
    ['empty, which is a mask', ''],
    ['of another MAC', '[Match]\nMACAddress=00:11:22:33:44:55\n[Network]\nDNS=192.0.2.1\n'],
    ['of another name', '[Match]\nName=wl* en*\n[Network]\nDNS=192.0.2.1\n'],
    ['of all but these', '[Match]\nName=!eth*\n[Network]\nDNS=192.0.2.1\n'],
    ['of a type', '[Match]\nType=wlan\n[Network]\nDNS=192.0.2.1\n'],
    ['taken back', '[Match]\nName=eth9\nName=\nName=wlan0\n[Network]\nDNS=192.0.2.1\n'],
  ])('takes nothing over from a file that is %s', (_, text) => {
    expect(fileFor('eth0', two, 252, [other('50-a.network', text)])).toBe(fileFor('eth0'));
  });

  test('takes over from the first file that matches, and only from that', () => {
    const text = fileFor('eth1', two, 252, [
      other('20-a.network', '[Match]\nMACAddress=de:ad:be:ef:00:01\n[Network]\nDNS=192.0.2.1\n'),
      other('30-b.network', '[Match]\nName=eth*\n[Network]\nDNS=192.0.2.2\n'),
    ]);

    expect(text).toMatch(
      /\n# Kept from \/etc\/systemd\/network\/20-a.network\n\[Network\]\nDNS=192.0.2.1\n$/,
    );
  });

  test('takes over what is not ours to say', () => {
    const text = `; mine
[Match]
Name=eth0
[Link]
MTUBytes=1400
Unmanaged=yes
[Network]
Description=uplink
Address=10.0.0.1/8
Gateway=10.0.0.2
DHCP=ipv4
# of the house
DNS=192.0.2.1 \\
  192.0.2.2
[Address]
Address=10.0.0.3/8
[DHCPv4]
UseDNS=no
[Route]
Gateway=10.0.0.2
[Route]
Destination=10.9.0.0/16
Gateway=10.0.0.9
[Route]
Destination=10.9.0.0/16
Gateway=10.0.0.9
Table=eth1-201
[RoutingPolicyRule]
From=192.168.0.200
Table=90
[RoutingPolicyRule]
To=10.9.0.0/16
Table=90
`;
    const [, kept] = fileFor('eth0', two, 252, [other('20-a.network', text)]).split('.network\n');

    expect(kept).toBe(`[Link]
MTUBytes=1400

[Network]
Description=uplink
# of the house
DNS=192.0.2.1 \\
  192.0.2.2

[Route]
Destination=10.9.0.0/16
Gateway=10.0.0.9

[RoutingPolicyRule]
To=10.9.0.0/16
Table=90
`);
  });

  test('says which file is no longer used, and that DHCP is not asked', () => {
    const text = '[Match]\nName=eth1\n[Network]\nDHCP=yes\n';

    expect(networkdPlan(two, [other('80-dhcp.network', text)], 252)).toHaveProperty('remarks', [
      '/etc/systemd/network/80-dhcp.network is no longer used for eth1, which asks DHCP for nothing now',
    ]);
  });

  test.each(['00-eth.network', '00-xpush-eth0.network'])(
    'is refused where %s is in the way',
    (name) => {
      const plan = networkdPlan(two, [other(name, '[Match]\nName=eth*\n')], 252);

      expect(plan).toHaveProperty('refusal', expect.stringContaining(name));
    },
  );

  test('is at rest with its own files there', () => {
    const before = networkdPlan(two, [], 252);
    if ('refusal' in before) throw new Error(before.refusal);
    const files = before.files.map(({ path, text }) => ({ path, file: fileOf(text) }));

    expect(networkdPlan(two, files, 252)).toEqual(before);
  });

  test('names each interface by its own MAC', () => {
    const swapped = guest('swapped', [
      { ...vif(0, lan, ['192.168.0.5']), iface: 'eth1' },
      { ...vif(1, lan, ['192.168.0.6']), iface: 'eth0' },
    ]);

    expect(fileFor('eth1', swapped)).toContain('MACAddress=de:ad:be:ef:00:00');
  });

  const alone = guest('alone', [vif(0, lan, ['192.168.0.200', '192.168.0.201'])]);
  const wired = `[Match]
Name=eth0

[Network]
DHCP=no
Address=192.168.0.200/24
Address=192.168.0.201/24
Gateway=192.168.0.1
DNS=9.9.9.9
`;

  test.each([
    ['plain', wired],
    ['with sections', `${wired.replace('Gateway=', '#')}\n[Route]\nGateway=192.168.0.1\n`],
    ['by MAC', wired.replace('Name=eth0', 'MACAddress=DE:AD:BE:EF:00:00')],
  ])('writes nothing where a file of somebody else says it all: %s', (_, text) => {
    expect(networkdPlan(alone, [other('20-wired.network', text)], 252)).toEqual({
      files: [],
      remarks: ['/etc/systemd/network/20-wired.network describes eth0 already'],
    });
  });

  test.each([
    ['another address', 'Address=192.168.0.201/24', 'Address=192.168.0.202/24'],
    ['one more address', 'DNS=9.9.9.9', 'Address=10.1.1.1/8'],
    ['an address less', 'Address=192.168.0.201/24\n', ''],
    ['another main address', '200/24\nAddress=192.168.0.201', '201/24\nAddress=192.168.0.200'],
    ['another prefix', '201/24', '201/25'],
    ['another gateway', 'Gateway=192.168.0.1', 'Gateway=192.168.0.9'],
    ['no gateway', 'Gateway=192.168.0.1\n', ''],
    ['one gateway more', 'DNS=9.9.9.9', '[Route]\nGateway=192.168.0.9\nMetric=9'],
    ['a rule', 'DNS=9.9.9.9', '[RoutingPolicyRule]\nFrom=192.168.0.200\nTable=16'],
    ['DHCP', 'DHCP=no', 'DHCP=ipv4'],
    ['not at every boot', 'Name=eth0', 'Name=eth0\nHost=alone'],
    ['not at all', 'DHCP=no', '[Link]\nUnmanaged=yes\n[Network]'],
  ])('writes its own where that says something else: %s', (_, said, instead) => {
    const text = wired.replace(said, instead);
    expect(text).not.toBe(wired);

    const plan = networkdPlan(alone, [other('20-wired.network', text)], 252);

    expect(plan).toMatchObject({ files: [{ path: networkdPath('eth0') }] });
  });

  test('what it would write itself it leaves to whoever says it, policy routing and IPv6 included', () => {
    for (const domU of [webserv, mail, routed, alone]) {
      const written = networkdPlan(domU, [], 252);
      if ('refusal' in written) throw new Error(written.refusal);
      const theirs = written.files.map(({ path, text }) =>
        other(`20-${path.split('-').at(-1)}`, text.replace(/^#.*\n/, '')),
      );

      expect(networkdPlan(domU, theirs, 252)).toMatchObject({ files: [] });
      expect(networkdPlan(domU, theirs.slice(1), 252)).toMatchObject({
        files: written.files.slice(0, 1),
      });
    }
  });

  test('keeps its own file, whatever others say besides', () => {
    const plan = networkdPlan(alone, [], 252);
    if ('refusal' in plan) throw new Error(plan.refusal);
    const [own = { path: '', text: '' }] = plan.files;
    const observed = [{ path: own.path, file: fileOf(own.text) }, other('20-wired.network', wired)];

    expect(networkdPlan(alone, observed, 252)).toMatchObject({ files: [{ path: own.path }] });
  });
});
