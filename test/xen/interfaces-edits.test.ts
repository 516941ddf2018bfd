import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DomU } from '../../src/inventory/model.ts';
import { formerVifs } from '../../src/xen/former-vif.ts';
import {
  interfacesFile,
  interfacesFiles,
  interfacesPath,
  withoutPolicyRouting,
} from '../../src/xen/interfaces-file.ts';
import { runs } from '../runs.ts';
import { bridged, mixed, routed, single } from './dual-stack.ts';
import { guest, lan, mail, vif, webserv } from './fleet.ts';

fc.configureGlobal({ numRuns: runs() });

const none = guest('none', []);
const included = '/etc/network/interfaces.d/eth0';

/** The main file and one that it takes in, edited. */
function edited(main: string, other: string, domU: DomU, former: DomU = none): readonly string[] {
  const files = new Map([
    [interfacesPath, main],
    [included, other],
  ]);
  return [...interfacesFiles(files, domU, formerVifs(former)).values()];
}

const gateways = (text: string, family: 4 | 6): readonly string[] =>
  (family === 4
    ? text.match(/^\s*gateway [\d.]+$/gm)
    : text.match(/^\s*(?:gateway \S*:\S*|up ip -6 route replace default (?!.* table ).*)$/gm)) ??
  [];

describe('interfacesFiles', () => {
  test('writes a stanza for each family', () => {
    expect(interfacesFile(null, single)).toBe(`auto lo
iface lo inet loopback

auto eth0
iface eth0 inet static
 address 192.168.0.220
 netmask 255.255.255.0
 gateway 192.168.0.1
 up ip addr add 192.168.0.221/24 dev eth0 2>/dev/null || true
 down ip addr del 192.168.0.221/24 dev eth0 2>/dev/null || true

iface eth0 inet6 static
 address 2001:db8:1::220
 netmask 128
 pre-up echo 0 2>/dev/null >/proc/sys/net/ipv6/conf/eth0/accept_dad || true
 up ip -6 route replace default via fe80::fcff:ffff:feff:ffff dev eth0 || true
 up ip -6 addr add 2001:db8:1::221/128 dev eth0 2>/dev/null || true
 down ip -6 addr del 2001:db8:1::221/128 dev eth0 2>/dev/null || true
`);
  });

  test.each([webserv, mail, routed, bridged, single, mixed])(
    'says one gateway of each family for $name, whatever gateways were there',
    (domU) => {
      const old = domU.vifs
        .map(
          ({ iface }) => `iface ${iface} inet static
 address 192.168.0.7/24
 gateway 192.168.0.1
iface ${iface} inet6 static
 address 2001:db8:9::9/64
 gateway 2001:db8:9::1
 up ip -6 route add default via fe80::9 dev ${iface}
`,
        )
        .join('');

      for (const family of [4, 6] as const) {
        const isManaged = domU.vifs.some((each) => (family === 4 ? each.ipv4 : each.ipv6));
        const text = interfacesFile(old, domU);
        if (isManaged) expect(gateways(text, family)).toHaveLength(1);
      }
    },
  );

  test('has only words that the oldest `ip` and busybox have', () => {
    for (const domU of [webserv, mail, routed, bridged, single, mixed]) {
      expect(interfacesFile(null, domU)).not.toMatch(/onlink|oif|nodad|proto| -j/);
    }
  });

  test('leaves IPv6 alone on a guest that has none in the inventory', () => {
    const foreign = `iface eth0 inet6 static
 address 2001:db8::9/64
 gateway fe80::1
 up ip -6 rule add from 2001:db8::9 lookup v6
`;
    const text = interfacesFile(
      `auto eth0
iface eth0 inet dhcp
 up ip -6 route add default via fe80::1 dev eth0
${foreign}`,
      mail,
    );

    expect(text).toContain(' up ip -6 route add default via fe80::1 dev eth0\n');
    expect(text).toContain(foreign);
  });

  test('knows the same addresses in other words', () => {
    const one = guest('one', [
      {
        ...vif(0, lan, ['192.168.0.9']),
        ipv4: null,
        ipv6: mixed.vifs[0]?.ipv6 ?? null,
        script: 'vif-bridge',
      },
    ]);
    const text = `auto lo eth0
iface lo inet loopback
iface eth0 inet6 static
 address 2001:0DB8:3:0::230/64
 accept_ra 0
 up ip -6 route replace default via fe80::1 dev eth0 || true
`;

    expect(interfacesFile(text, one)).toBe(text);
  });

  test('edits a stanza in whatever file it is, and says what is missing in the main one', () => {
    const main = `auto lo eth0
iface lo inet loopback
source interfaces.d/*
`;
    const other = `# the LAN
iface eth0 inet dhcp
 mtu 1400
`;

    const [text = '', ofOther] = edited(main, other, mail);

    expect(text).toBe(main);
    expect(ofOther).toBe(`# the LAN
iface eth0 inet static
 address 192.168.0.210
 netmask 255.255.255.0
 gateway 192.168.0.1
 up ip addr add 192.168.0.211/24 dev eth0 2>/dev/null || true
 down ip addr del 192.168.0.211/24 dev eth0 2>/dev/null || true
 mtu 1400
`);
    const [, untouched] = edited(text, other, single);
    expect(untouched).toMatch(/^# the LAN\niface eth0 inet static\n(?: .*\n)+$/);
    expect(edited(text, other, single)[0]).toMatch(
      /interfaces\.d\/\*\n\niface eth0 inet6 static\n/,
    );
  });

  test('merges a second stanza for the same, wherever it is, into the first', () => {
    const main = `auto lo eth0
iface lo inet loopback
source interfaces.d/*
iface eth0 inet static
 address 192.168.0.210/24
 gateway 192.168.0.1
 mtu 1400
 up ip addr add 192.168.0.211/24 dev eth0 2>/dev/null || true
 down ip addr del 192.168.0.211/24 dev eth0 2>/dev/null || true
`;
    const other = `# more
iface eth0 inet static
 address 192.168.0.211/24
 gateway 192.168.0.1
 mtu 1500
 up logger up
# end`;

    expect(edited(main, other, mail)).toEqual([`${main} up logger up\n`, '# more\n# end']);
  });

  test('takes over what ifupdown-ng has for both families in one stanza', () => {
    const text = interfacesFile(
      `auto lo eth0
iface lo
iface eth0
  use dhcp
  address 192.168.0.9/24
  address 2001:db8::9/64
  gateway fe80::9
  mtu 1400
`,
      single,
    );

    expect(text).toMatch(
      /^iface eth0 inet static\n(?: .*\n)+ {2}mtu 1400\n\niface eth0 inet6 static\n/m,
    );
    expect(text).not.toMatch(/use dhcp|::9|\.9\//);
  });

  test('takes away stanzas of vifs and families that left', () => {
    const before = interfacesFile('auto tun0\niface tun0 inet manual\n', routed);
    const one = guest('one', [vif(0, lan, ['192.168.0.200'])]);

    const after = interfacesFile(before, one, formerVifs(routed));

    expect(after).toMatch(/^auto tun0\niface tun0 inet manual\n/);
    expect(after).toContain('address 192.168.0.200\n');
    expect(after).not.toMatch(/eth1|inet6|2001:db8/);
    // Without a memory nothing tells them from others'.
    expect(interfacesFile(before, one)).toContain('iface eth1 inet static');
  });

  test('takes only its policy routing out of stanzas that others changed since', () => {
    const before = interfacesFile(null, routed);
    const changed = before.replace('address 192.168.0.201\n', 'address 10.0.0.9\n');

    const after = interfacesFile(changed, none, formerVifs(routed));

    expect(after).toBe(`auto lo
iface lo inet loopback

auto eth1
iface eth1 inet static
 address 10.0.0.9
 netmask 255.255.255.0
`);
  });

  test('keeps other names of an `auto` line that names a vif that left', () => {
    const text = `auto lo eth0 eth1 tun0
allow-hotplug eth1
iface lo inet loopback
iface eth1 inet static
 address 192.168.0.201/24
iface tun0 inet manual
`;

    expect(interfacesFile(text, none, formerVifs(webserv))).toBe(`auto lo eth0 tun0
iface lo inet loopback
iface tun0 inet manual
`);
  });

  test('keeps every foreign byte of every file, and changes nothing again', () => {
    const foreign = [
      '# comment\n',
      'source x.d/*\n',
      'iface tun0 inet6 static\n  address 2001:db8:7::1\n  up true \\\n  && true\n',
      'iface eth9 inet static\n up ip -6 rule add from 2001:db8:7::1 lookup 200 || true\n',
      'auto tun0 eth9\n',
      'iface eth10 inet dhcp\n \xe9\n',
    ];
    const guests = [webserv, mail, routed, bridged, single, mixed, none];
    const ours = [
      'iface eth0 inet dhcp\n',
      'iface eth0 inet6 auto\n  # x\n',
      'auto eth0 eth1\n',
      ...guests.flatMap((each) =>
        interfacesFile('', each)
          .split(/\n(?=\n)/)
          .map((part) => `${part.trim()}\n`),
      ),
    ];
    const parts = fc.array(fc.constantFrom(...foreign, ...ours), { maxLength: 12 });
    const domU = fc.constantFrom(...guests);

    fc.assert(
      fc.property(parts, parts, domU, domU, (main, other, before, now) => {
        const [first = '', second = ''] = edited(main.join(''), other.join(''), before);
        const texts = edited(first, second, now, before);

        expect(edited(texts[0] ?? '', texts[1] ?? '', now, before)).toEqual(texts);
        for (const [place, given] of [main, other].entries()) {
          const kept = given.filter((part) => foreign.includes(part));
          let at = 0;
          for (const part of kept) {
            at = (texts[place] ?? '').indexOf(part, at) + part.length;
            expect(at).toBeGreaterThanOrEqual(part.length);
          }
        }
        const all = texts.join('');
        for (const { iface, ips, ipv4, ipv6 } of now.vifs) {
          const stanzas = (family: string) =>
            all.match(new RegExp(`^iface ${iface} ${family} static$`, 'gm'));
          if (ipv4 !== null) expect(stanzas('inet')).toHaveLength(1);
          if (ipv6 !== null) expect(stanzas('inet6')).toHaveLength(1);
          for (const ip of ips) expect(all).toContain(` ${ip}`);
        }
      }),
    );
  });

  test('gives way from one layout to another, and back', () => {
    const guests = [webserv, mail, routed, bridged, single, mixed];
    const domU = fc.constantFrom(...guests);

    fc.assert(
      fc.property(domU, domU, (before, now) => {
        const there = interfacesFile(interfacesFile(null, before), now, formerVifs(before));
        const back = interfacesFile(there, before, formerVifs(now));

        const stanzas = (text: string) =>
          text
            .split(/\n+(?=auto|iface)/)
            .map((part) => part.trim())
            .toSorted();
        expect(stanzas(there)).toEqual(stanzas(interfacesFile(null, now)));
        expect(stanzas(back)).toEqual(stanzas(interfacesFile(null, before)));
      }),
    );
  });
});

describe('withoutPolicyRouting', () => {
  test('keeps addresses and gateways, and all that is not its own', () => {
    const text = interfacesFile(
      `iface eth0 inet dhcp
 up ip rule add fwmark 1 table 100
 up ip route replace 10.9.0.0/16 via 192.168.0.254
 up ip route replace 10.8.0.0/16 via 192.168.0.254 table 200 || true
 up ip rule add from 10.1.1.1 table 100 priority 1000
`,
      routed,
    );

    const left = withoutPolicyRouting(text);

    expect(left).not.toMatch(/table 1[67]/);
    expect(left.match(/^ address /gm)).toHaveLength(4);
    expect(left).toContain(' gateway 192.168.0.1\n');
    expect(left).toContain(
      ' up ip -6 route replace default via fe80::fcff:ffff:feff:ffff dev eth0 ||',
    );
    expect(left).toContain(' up ip -6 addr add 2001:db8:1::202/128 dev eth1 ');
    expect(left).toContain(' up ip rule add fwmark 1 table 100\n');
    expect(left).toContain(' up ip route replace 10.9.0.0/16 via 192.168.0.254\n');
    expect(left).toContain(' up ip rule add from 10.1.1.1 table 100 priority 1000\n');
    expect(left).toContain(' 10.8.0.0/16 via 192.168.0.254 table 200 || true\n');
    expect(withoutPolicyRouting(left)).toBe(left);
  });

  test('knows the tables whose rules stand in another file', () => {
    const [main = '', other = ''] = edited(
      'source interfaces.d/*\n',
      'auto eth0\niface eth0 inet dhcp\n',
      routed,
    );
    expect(other).toMatch(/table 16/);
    expect(main).toMatch(/table 17/);

    expect(withoutPolicyRouting(other, [main, other])).not.toMatch(/table/);
    expect(withoutPolicyRouting(main, [main, other])).not.toMatch(/table/);
  });
});

describe('interfacesFiles, where somebody wrote it all by hand', () => {
  const three = guest('three', [vif(0, lan, ['192.168.0.5', '192.168.0.6', '192.168.0.7'])]);
  const first = `auto lo eth0
iface lo inet loopback
iface eth0 inet static
\taddress 192.168.0.5
\tnetmask 255.255.255.0
\tnetwork 192.168.0.0
\tbroadcast 192.168.0.255
\tgateway 192.168.0.1
\tup sysctl -q -w net.ipv4.conf.eth0.rp_filter=0
`;
  const commands = `${first}\tup ip addr add 192.168.0.7/24 brd + dev $IFACE label eth0:1
\tpost-up /sbin/ip a add 192.168.0.6/24 dev eth0 || true
`;
  const alias = (place: number, ip: string): string =>
    `auto eth0:${place}\niface eth0:${place} inet static\n  address ${ip}/24\n`;
  const aliases = first + alias(0, '192.168.0.6') + alias(1, '192.168.0.7');
  const repeated = `${first}iface eth0 inet static\n  address 192.168.0.6/24\n${alias(1, '192.168.0.7')}`;
  const plugged = commands.replace('auto lo eth0', 'auto lo\nallow-hotplug eth0');

  const left = (text: string, mayRepeat = true): string =>
    interfacesFiles(new Map([[interfacesPath, text]]), three, [], mayRepeat).get(interfacesPath) ??
    '';

  test.each([
    ['further addresses by commands', commands],
    ['by aliases', aliases],
    ['by several stanzas', repeated],
    ['an interface that comes up when it appears', plugged],
  ])('leaves it as it is: %s', (_, text) => {
    expect(left(text)).toBe(text);
  });

  test('has one stanza for an ifupdown that takes no two', () => {
    expect(left(repeated, false).match(/^iface eth0/gm)).toHaveLength(1);
  });

  test.each([
    ['another broadcast address', commands, '192.168.0.255', '192.168.0.63'],
    ['another network', commands, 'network 192.168.0.0', 'network 192.168.1.0'],
    ['another gateway', commands, '192.168.0.1\n', '192.168.0.9\n'],
    ['another address', commands, '192.168.0.7/24', '192.168.0.8/24'],
    ['another prefix', commands, '192.168.0.7/24', '192.168.0.7/32'],
    ['another interface', commands, '$IFACE', 'eth1'],
    [
      'a condition',
      commands,
      'ip a add 192.168.0.6/24 dev eth0 ||',
      'ip a add 192.168.0.6/24 dev eth0 &&',
    ],
    ['a default route besides', commands, 'up sysctl', 'up ip route add default via 192.168.0.9 #'],
    ['an alias that stays down', aliases, 'auto eth0:1\n', ''],
    ['an alias with a gateway', aliases, '.7/24\n', '.7/24\n  gateway 192.168.0.1\n'],
    ['an alias by DHCP', aliases, 'eth0:1 inet static', 'eth0:1 inet dhcp'],
    ['the same address twice', aliases, '.7/24', '.6/24'],
    ['another main address', aliases, 'address 192.168.0.5', 'address 192.168.0.6'],
    ['an interface that stays down', commands, 'auto lo eth0', 'auto lo'],
  ])('does not take one for the other: %s', (_, text, said, instead) => {
    const other = text.replace(said, instead);
    expect(other).not.toBe(text);

    expect(left(other)).not.toBe(other);
    expect(left(left(other))).toBe(left(other));
  });

  test.each([
    ['commands', commands],
    ['aliases', aliases],
    ['stanzas', repeated],
  ])('an address that leaves the inventory leaves them: %s', (_, text) => {
    const two = guest('two', [vif(0, lan, ['192.168.0.5', '192.168.0.7'])]);
    const files = new Map([[interfacesPath, text]]);

    const [after = ''] = interfacesFiles(files, two, formerVifs(three), true).values();

    expect(after).toContain('192.168.0.7');
    expect(after).not.toContain('192.168.0.6');
    expect(interfacesFile(text, none, formerVifs(three))).not.toMatch(/eth0/);
  });
});
