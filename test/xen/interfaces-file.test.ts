import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DomU } from '../../src/inventory/model.ts';
import { interfacesFile } from '../../src/xen/interfaces-file.ts';
import { stanzaOptions } from '../../src/xen/interfaces-stanza.ts';
import { desiredRouting } from '../../src/xen/routing.ts';
import { planRouting } from '../../src/xen/routing-plan.ts';
import { runs } from '../runs.ts';
import { unpacked } from './debian.ts';
import { dmz, guest, lan, mail, storage, vif, webserv } from './fleet.ts';
import { hasNamespaces, isAvailable, Namespace } from './namespace.ts';

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

const hasIfupdown =
  hasNamespaces &&
  isAvailable('no ifupdown', () => {
    unpacked('ifupdown', ['ifupdown']);
  });

describe.runIf(hasIfupdown)('interfacesFile, by ifupdown', () => {
  /** Runs `use` with the command line that brings up or down the guest's file in a namespace. */
  function withFile(
    domU: DomU,
    use: (namespace: Namespace, command: (verb: 'ifup' | 'ifdown') => string) => void,
    text = interfacesFile(null, domU),
  ): void {
    const folder = mkdtempSync(join(tmpdir(), 'xpush-interfaces-'));
    const sbin = join(unpacked('ifupdown', ['ifupdown']), 'sbin');
    const file = join(folder, 'interfaces');
    writeFileSync(file, text);
    try {
      using namespace = new Namespace();
      namespace.addInterfaces(
        domU.vifs.map((each) => each.mac),
        'down',
      );
      use(
        namespace,
        (verb) => `${sbin}/${verb} -a --no-scripts -i ${file} --state-dir ${folder} 2>&1`,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  test.each([webserv, mail, mixed])('`ifup -a` gives $name the state that a push gives', (domU) => {
    withFile(domU, (namespace, command) => {
      namespace.run(command('ifup'));

      const observed = namespace.observe();
      expect(planRouting(domU, observed)).toEqual({ operations: [], pending: [] });
      expect(observed.rules.filter((rule) => rule.table < 253)).toEqual(desiredRouting(domU).rules);
    });
  });

  test('can be run over a state that is there already', () => {
    withFile(webserv, (namespace, command) => {
      namespace.run(command('ifup'));
      const before = namespace.observe();

      namespace.run(`${command('ifup')} --force`);

      expect(namespace.observe()).toEqual(before);
    });
  });

  test('`ifdown -a` takes the rules away', () => {
    withFile(mixed, (namespace, command) => {
      namespace.run(command('ifup'));
      namespace.run(command('ifdown'));

      expect(namespace.observe().rules).toHaveLength(3);
    });
  });

  test('brings interfaces up although a route cannot be set', () => {
    const text = interfacesFile(null, webserv).replace(
      'default via 192.168.0.1 dev eth1 src 192.168.0.201',
      'default via 192.168.0.1 dev eth1 src 192.0.2.1',
    );

    withFile(
      webserv,
      (namespace, command) => {
        const printed = namespace.run(command('ifup'));

        expect(printed).toContain('Invalid');
        expect(planRouting(webserv, namespace.observe()).operations).toMatchObject([
          { verb: 'replace', route: { table: 17, destination: '0.0.0.0/0' } },
        ]);
      },
      text,
    );
  });
});

const hasBusybox =
  hasNamespaces &&
  isAvailable('no busybox with ip', () => {
    execFileSync('sh', ['-c', 'busybox ip rule'], { stdio: 'ignore' });
  });

describe.runIf(hasBusybox)('stanzaOptions, by busybox', () => {
  test('has `up` lines that its ip and sh understand, and that can run twice', () => {
    using namespace = new Namespace();
    namespace.addInterfaces(mixed.vifs.map((each) => each.mac));
    const byBusybox = (verb: string): void => {
      const commands = mixed.vifs
        .flatMap((each) => stanzaOptions(mixed, each))
        .filter((option) => option.startsWith(`${verb} `))
        .map((option) => option.slice(verb.length + 1));
      namespace.run('busybox sh -e', ['ip() { busybox ip "$@"; }', ...commands, ''].join('\n'));
    };
    namespace.run(
      mixed.vifs
        .map((each) => `ip addr add ${each.ips[0]}/${each.ipv4?.prefix} dev ${each.iface}`)
        .join('\n'),
    );
    namespace.run('ip route add default via 192.168.0.1 dev eth0');

    byBusybox('up');
    byBusybox('up');

    expect(planRouting(mixed, namespace.observe())).toEqual({ operations: [], pending: [] });
    byBusybox('down');
    expect(namespace.observe().rules).toHaveLength(3);
  });
});
