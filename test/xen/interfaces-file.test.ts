import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { interfacesFile } from '../../src/xen/interfaces-file.ts';
import { runs } from '../runs.ts';
import { dmz, guest, lan, mail, storage, vif, webserv } from './fleet.ts';

fc.configureGlobal({ numRuns: runs() });

const mixed = guest('mixed', [
  vif(0, lan, ['192.168.0.5', '192.168.0.6']),
  vif(1, storage, ['10.8.0.5']),
  vif(2, lan, ['192.168.0.7']),
  vif(3, dmz, ['203.0.113.9']),
]);

/** The source document's own file. */
const documentFile = `auto lo
iface lo inet loopback
auto eth0
iface eth0 inet static
 address 192.168.0.200
 netmask 255.255.255.0
auto eth1
iface eth1 inet static
 address 192.168.0.201
 netmask 255.255.255.0
auto eth2
iface eth2 inet static
 address 192.168.0.202
 netmask 255.255.255.0
`;

describe('interfacesFile', () => {
  test('writes a whole file where there is none', () => {
    expect(interfacesFile(null, mail)).toBe(`auto lo
iface lo inet loopback

auto eth0
iface eth0 inet static
 address 192.168.0.210
 netmask 255.255.255.0
 gateway 192.168.0.1
 up ip addr add 192.168.0.211/24 dev eth0 2>/dev/null || true
 down ip addr del 192.168.0.211/24 dev eth0 2>/dev/null || true
`);
  });

  test('adds the routing to the source document’s file', () => {
    expect(interfacesFile(documentFile, webserv)).toBe(`auto lo
iface lo inet loopback
auto eth0
iface eth0 inet static
 address 192.168.0.200
 netmask 255.255.255.0
 gateway 192.168.0.1
 up ip route replace 192.168.0.0/24 dev eth0 scope link src 192.168.0.200 table 16 || true
 up ip route replace default via 192.168.0.1 dev eth0 src 192.168.0.200 table 16 || true
 up ip rule | grep -q '^1000:' || ip rule add from 192.168.0.200 table 16 priority 1000 || true
 down ip rule del from 192.168.0.200 table 16 priority 1000 || true
auto eth1
iface eth1 inet static
 address 192.168.0.201
 netmask 255.255.255.0
 up ip route replace 192.168.0.0/24 dev eth1 scope link src 192.168.0.201 table 17 || true
 up ip route replace default via 192.168.0.1 dev eth1 src 192.168.0.201 table 17 || true
 up ip rule | grep -q '^1016:' || ip rule add from 192.168.0.201 table 17 priority 1016 || true
 down ip rule del from 192.168.0.201 table 17 priority 1016 || true
auto eth2
iface eth2 inet static
 address 192.168.0.202
 netmask 255.255.255.0
 up ip route replace 192.168.0.0/24 dev eth2 scope link src 192.168.0.202 table 18 || true
 up ip route replace default via 192.168.0.1 dev eth2 src 192.168.0.202 table 18 || true
 up ip rule | grep -q '^1032:' || ip rule add from 192.168.0.202 table 18 priority 1032 || true
 down ip rule del from 192.168.0.202 table 18 priority 1032 || true
`);
  });

  test('replaces what a human wrote for our interface, and keeps everything else', () => {
    const old = `# of old
source /etc/network/interfaces.d/*

auto lo eth0 \\
     tun0
iface lo inet loopback

# the LAN
iface eth0 inet dhcp
\tdns-nameservers 9.9.9.9
    # faster
    post-up ethtool -K eth0 tso off
    up ip route add default via 192.168.0.9
    up ip -4 rule add from 192.168.0.210 lookup old
    up ip rule add from 192.168.0.99 table eth0-210
    up ip addr add 192.168.0.211/32 dev eth0
    up route add default gw 192.168.0.9
    up ip addr add 192.168.0.219/24 dev eth0 2>/dev/null || true

    up ip addr add 10.1.1.1/8 dev eth0
    up ip route add 10.9.0.0/16 via 192.168.0.254
    up ip route add default via 192.168.0.8 table vpn
    up ip rule add fwmark 1 table vpn
    pre-up iptables-restore </etc/firewall

# the tunnel
iface tun0 inet manual
    pre-up  modprobe tun
iface eth0 inet6 auto`;

    expect(interfacesFile(old, mail)).toBe(`# of old
source /etc/network/interfaces.d/*

auto lo eth0 \\
     tun0
iface lo inet loopback

# the LAN
iface eth0 inet static
 address 192.168.0.210
 netmask 255.255.255.0
 gateway 192.168.0.1
 up ip addr add 192.168.0.211/24 dev eth0 2>/dev/null || true
 down ip addr del 192.168.0.211/24 dev eth0 2>/dev/null || true
\tdns-nameservers 9.9.9.9
    # faster
    post-up ethtool -K eth0 tso off
    up ip addr add 10.1.1.1/8 dev eth0
    up ip route add 10.9.0.0/16 via 192.168.0.254
    up ip route add default via 192.168.0.8 table vpn
    up ip rule add fwmark 1 table vpn
    pre-up iptables-restore </etc/firewall

# the tunnel
iface tun0 inet manual
    pre-up  modprobe tun
iface eth0 inet6 auto`);
  });

  test('leaves stanzas alone that say the same', () => {
    const text = `auto eth0
iface eth0  inet static
\taddress   192.168.0.210
\t# comment
\tdns-search example.org
\tnetmask 255.255.255.0
\tgateway 192.168.0.1
\tup ip addr add 192.168.0.211/24 dev eth0 2>/dev/null || true
\tdown ip addr del 192.168.0.211/24 dev eth0 2>/dev/null || true
source-directory interfaces.d
`;

    expect(interfacesFile(text, mail)).toBe(text);
  });

  test.each(['address 192.168.0.9/24', 'address 192.168.0.9\n netmask 24'])(
    'knows "%s" for what it writes itself',
    (address) => {
      const text = `auto lo eth0
iface lo inet loopback
iface eth0 inet static
 gateway 192.168.0.1
 ${address}
`;

      expect(interfacesFile(text, guest('one', [vif(0, lan, ['192.168.0.9'])]))).toBe(text);
    },
  );

  test('does not take another prefix length, or another order of hooks, for the same', () => {
    const written = interfacesFile(null, webserv);
    const wider = written.replace('netmask 255.255.255.0', 'netmask 255.255.0.0');
    const [first = '', second = ''] = written.match(/ up ip route replace .*\n/g) ?? [];
    const swapped = written.replace(first + second, second + first);

    expect(swapped).not.toBe(written);
    expect(interfacesFile(wider, webserv)).toBe(written);
    expect(interfacesFile(swapped, webserv)).toBe(written);
  });

  test('takes away aliases that hold our addresses, and no others', () => {
    const old = `auto lo eth0 eth0:1
auto eth0:1
auto eth0:2
iface lo inet loopback
iface eth0:1 inet static
  address 192.168.0.211
  netmask 255.255.255.0
iface eth0:2 inet static
  address 10.1.1.1/8
`;

    const text = interfacesFile(old, mail);

    expect(text).toMatch(/^auto lo eth0\nauto eth0:2\niface lo inet loopback\niface eth0:2 inet/);
    expect(text).not.toContain('eth0:1');
  });

  test('names an interface in an `auto` line once', () => {
    const text = interfacesFile('allow-hotplug eth0\niface eth0 inet dhcp\n', mail);

    expect(text.match(/^auto eth0$/gm)).toHaveLength(1);
    expect(text).toContain('allow-hotplug eth0\n');
  });

  test('writes `gateway` in exactly one stanza', () => {
    for (const domU of [webserv, mail, mixed]) {
      expect(interfacesFile(null, domU).match(/^ gateway /gm)).toHaveLength(1);
    }
  });

  test('keeps foreign parts in their order, and changes nothing again', () => {
    const foreign = [
      '# comment\n',
      '\n',
      'source x.d/*\n',
      'iface tun0 inet manual\n  up true \\\n  && true\n',
      'iface eth0 inet6 auto\n',
      'mapping eth9\n  script x\n',
      'iface eth10 inet dhcp\n',
    ];
    const ours = [
      'iface eth0 inet dhcp\n',
      'iface eth1 inet static\n  address 1.2.3.4\n  # x\n  netmask 255.0.0.0\n',
      'auto eth0 eth2\n',
      ...interfacesFile(null, mixed)
        .split(/\n\n/)
        .map((part) => `${part.trimEnd()}\n`),
    ];

    fc.assert(
      fc.property(fc.array(fc.constantFrom(...foreign, ...ours)), (parts) => {
        const text = interfacesFile(parts.join(''), mixed);

        expect(interfacesFile(text, mixed)).toBe(text);
        let at = 0;
        for (const part of parts.filter((each) => foreign.includes(each) && each !== '\n')) {
          at = text.indexOf(part, at) + part.length;
          expect(at).toBeGreaterThanOrEqual(part.length);
        }
        for (const { iface } of mixed.vifs) {
          expect(text.match(new RegExp(`^iface ${iface} inet `, 'gm'))).toHaveLength(1);
        }
      }),
    );
  });
});
