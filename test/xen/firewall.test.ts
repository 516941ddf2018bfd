import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Allow, Dom0, Dom0Firewall, DomU } from '../../src/inventory/model.ts';
import { chains, desiredFirewall, missingKeepRules } from '../../src/xen/firewall.ts';
import { restoreFile } from '../../src/xen/firewall-boot.ts';
import { runs } from '../runs.ts';
import { allowed, guest, lan, mail, single, vif, webserv, xen1 } from './fleet.ts';
import { hasNamespaces, isAvailable } from './namespace.ts';
import type { Packet } from './packet-model.ts';
import { verdict } from './packet-model.ts';

fc.configureGlobal({ numRuns: runs() });

const withFirewall = (firewall: Partial<Dom0Firewall>, more: Partial<Dom0> = {}): Dom0 => ({
  ...xen1,
  ...more,
  firewall: { ...xen1.firewall, ...firewall },
});

const webOnly = [webserv, mail];

/** The verdict on a packet that FORWARD sees, with its policy. */
function forwarded(dom0: Dom0, guests: readonly DomU[], packet: Partial<Packet>): string {
  const firewall = desiredFirewall(dom0, guests);
  const decided = verdict(firewall.chains, chains.forward, {
    src: '198.51.100.7',
    dst: '192.168.0.200',
    iif: 'eth0',
    oif: 'vif1.0',
    proto: 'tcp',
    sport: 40_000,
    dport: 80,
    icmpType: '8/0',
    isSyn: true,
    state: 'NEW',
    ...packet,
  });
  return decided === 'RETURN' ? (firewall.policies.get('FORWARD') ?? 'RETURN') : decided;
}

const from = { src: '192.168.0.200', dst: '198.51.100.7', iif: 'vif1.0', oif: 'eth0' } as const;

describe('desiredFirewall', () => {
  test('says for the source document’s guest what its 72 rules say, in 12', () => {
    const web =
      '-p tcp -m multiport --sports 80,443,1024:65535 ' +
      '-m multiport --dports 80,443 -m conntrack --ctstate NEW -j ACCEPT';

    const firewall = desiredFirewall(xen1, webOnly);

    expect([...firewall.chains]).toEqual([
      [
        'XPUSH-FWD',
        [
          '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
          '-p icmp -m icmp --icmp-type 3/4 -j ACCEPT',
          '-j XPUSH-KEEP',
          '-s 192.168.0.200/32 -j DROP',
          '-s 192.168.0.201/32 -j DROP',
          '-s 192.168.0.202/32 -j DROP',
          `-d 192.168.0.200/32 ${web}`,
          `-d 192.168.0.201/32 ${web}`,
          `-d 192.168.0.202/32 ${web}`,
          '-d 192.168.0.200/32 -j DROP',
          '-d 192.168.0.201/32 -j DROP',
          '-d 192.168.0.202/32 -j DROP',
        ],
      ],
    ]);
    expect(firewall.jumps).toEqual([{ from: 'FORWARD', to: 'XPUSH-FWD' }]);
    expect(firewall.policies.size).toBe(0);
    expect(firewall.needsKeep).toBe(true);
  });

  test('decides on connections from the uplink as the document’s rules do, but for NEW in the answers', () => {
    const document: string[] = [];
    for (const dport of [80, 443]) {
      for (const sport of ['1024:65535', '80', '443', '8080']) {
        for (const ip of ['192.168.0.200', '192.168.0.201', '192.168.0.202']) {
          document.push(
            `-i eth0 -p tcp -d ${ip} --tcp-flags A SYN --ctstate NEW --sport ${sport} --dport ${dport} -j ACCEPT`,
            `-i eth0 -p tcp -d ${ip} --sport ${sport} --dport ${dport} --ctstate ESTABLISHED,RELATED -j ACCEPT`,
            `-o eth0 -s ${ip} -p tcp --dport ${sport} --sport ${dport} --ctstate ESTABLISHED,RELATED -j ACCEPT`,
          );
        }
      }
    }
    expect(document).toHaveLength(72);
    const port = fc.constantFrom(1, 22, 80, 81, 443, 1023, 1024, 8080, 40_000, 65_535);
    const address = fc.constantFrom('192.168.0.200', '192.168.0.202', '198.51.100.7');
    const packets = fc.record({
      src: address,
      dst: address,
      sport: port,
      dport: port,
      isSyn: fc.constant(true),
      proto: fc.constantFrom('tcp', 'udp'),
    });

    fc.assert(
      fc.property(packets, fc.boolean(), (packet, isInbound) => {
        const whole: Packet = {
          ...packet,
          icmpType: '',
          state: 'NEW',
          ...(isInbound
            ? { src: '198.51.100.7', iif: 'eth0', oif: 'vif1.0' }
            : { dst: '198.51.100.7', iif: 'vif1.0', oif: 'eth0' }),
        };
        const old = verdict(new Map([['FORWARD', document]]), 'FORWARD', whole);

        expect(forwarded(withFirewall({ policy: 'drop' }), webOnly, whole)).toBe(
          old === 'RETURN' ? 'DROP' : old,
        );
      }),
      { numRuns: runs(1000) },
    );
  });

  test('lets answers through in both directions, and nothing new from a closed guest', () => {
    expect(
      forwarded(xen1, webOnly, { ...from, sport: 80, isSyn: false, state: 'ESTABLISHED' }),
    ).toBe('ACCEPT');
    expect(forwarded(xen1, webOnly, { state: 'ESTABLISHED', isSyn: false })).toBe('ACCEPT');
    expect(forwarded(xen1, webOnly, { ...from, sport: 80, dport: 40_000 })).toBe('DROP');
  });

  test('takes up sessions that are older than connection tracking, where they are allowed', () => {
    expect(forwarded(xen1, webOnly, { isSyn: false })).toBe('ACCEPT');
    expect(forwarded(xen1, webOnly, { isSyn: false, dport: 25 })).toBe('DROP');
    expect(forwarded(xen1, webOnly, { ...from, sport: 80, isSyn: false })).toBe('DROP');
  });

  test('lets ICMP "fragmentation needed" through, and no ping', () => {
    expect(
      forwarded(xen1, webOnly, { proto: 'icmp', icmpType: '3/4', isSyn: false, state: 'INVALID' }),
    ).toBe('ACCEPT');
    expect(forwarded(xen1, webOnly, { proto: 'icmp', isSyn: false })).toBe('DROP');
  });

  test('does not decide on guests without a list, nor on addresses that are nobody’s', () => {
    expect(forwarded(xen1, webOnly, { dst: '192.168.0.210', dport: 25 })).toBe('RETURN');
    expect(forwarded(xen1, webOnly, { dst: '192.168.0.99' })).toBe('RETURN');
    expect(forwarded(xen1, webOnly, { ...from, src: '192.168.0.211' })).toBe('RETURN');
  });

  test('with the policy drop still lets guests without a list do what they want', () => {
    const dom0 = withFirewall({ policy: 'drop' });

    expect(desiredFirewall(dom0, webOnly).policies).toEqual(new Map([['FORWARD', 'DROP']]));
    expect(forwarded(dom0, webOnly, { dst: '192.168.0.211', dport: 25 })).toBe('ACCEPT');
    expect(forwarded(dom0, webOnly, { ...from, src: '192.168.0.210' })).toBe('ACCEPT');
    expect(forwarded(dom0, webOnly, { dst: '192.168.0.99' })).toBe('DROP');
    expect(forwarded(dom0, webOnly, { src: '192.168.0.210', dport: 25 })).toBe('DROP');
  });

  test('closes a guest with an empty list wholly', () => {
    const shut = guest('shut', [vif(0, lan, ['192.168.0.9'])], []);

    expect(forwarded(xen1, [shut], { dst: '192.168.0.9' })).toBe('DROP');
    expect(forwarded(xen1, [shut], { ...from, src: '192.168.0.9' })).toBe('DROP');
  });

  test('wants a packet between two closed guests allowed by both', () => {
    const client = guest(
      'client',
      [vif(3, lan, ['192.168.0.30'])],
      [allowed({ direction: 'out', ports: [single(443)] })],
    );
    const between = { src: '192.168.0.30', iif: 'vif2.0' } as const;
    const guests = [webserv, client];

    expect(forwarded(xen1, guests, { ...between, dport: 443 })).toBe('ACCEPT');
    expect(forwarded(xen1, guests, { ...between, dport: 80 })).toBe('DROP');
    expect(forwarded(xen1, guests, { ...between, dport: 443, sport: 500 })).toBe('DROP');
    expect(forwarded(xen1, guests, { ...between, dst: '198.51.100.7', dport: 443 })).toBe('ACCEPT');
    expect(forwarded(xen1, guests, { ...from, dport: 443 })).toBe('DROP');
  });

  test('reads an entry’s `to` as own addresses inwards and as destinations outwards', () => {
    const two = guest(
      'two',
      [vif(0, lan, ['192.168.0.5', '192.168.0.6'])],
      [
        allowed({ ports: [single(25)], to: ['192.168.0.6/32'], from: ['203.0.113.0/24'] }),
        allowed({ proto: 'udp', direction: 'out', ports: [single(53)], to: ['9.9.9.9/32'] }),
      ],
    );
    const mailTo = (dst: string, src: string) => forwarded(xen1, [two], { src, dst, dport: 25 });
    const askAt = (dst: string) =>
      forwarded(xen1, [two], { ...from, src: '192.168.0.5', dst, proto: 'udp', dport: 53 });

    expect(mailTo('192.168.0.6', '203.0.113.4')).toBe('ACCEPT');
    expect(mailTo('192.168.0.6', '203.0.114.4')).toBe('DROP');
    expect(mailTo('192.168.0.5', '203.0.113.4')).toBe('DROP');
    expect(askAt('9.9.9.9')).toBe('ACCEPT');
    expect(askAt('9.9.9.8')).toBe('DROP');
  });

  test('applies the dom0’s own entries to all guests', () => {
    const dom0 = withFirewall({
      rules: [
        allowed({ proto: 'udp', direction: 'out', ports: [single(123)] }),
        allowed({ proto: 'icmp', to: ['192.168.0.201/32', '192.168.0.99/32'] }),
      ],
    });
    const ntp = { ...from, proto: 'udp', dport: 123, isSyn: false } as const;
    const ping = { proto: 'icmp', isSyn: false } as const;

    expect(forwarded(dom0, webOnly, ntp)).toBe('ACCEPT');
    expect(forwarded(dom0, webOnly, { ...ntp, dport: 53 })).toBe('DROP');
    expect(forwarded(dom0, webOnly, { ...ping, dst: '192.168.0.201' })).toBe('ACCEPT');
    expect(forwarded(dom0, webOnly, { ...ping, dst: '192.168.0.99' })).toBe('ACCEPT');
    expect(forwarded(dom0, webOnly, ping)).toBe('DROP');
  });

  test('lets `admin` reach port 22 of closed guests, sessions older than conntrack too', () => {
    const dom0 = withFirewall({ admin: ['203.0.113.0/24'] });
    const ssh = { src: '203.0.113.4', dport: 22 } as const;

    expect(desiredFirewall(dom0, webOnly).needsKeep).toBe(false);
    expect(forwarded(dom0, webOnly, ssh)).toBe('ACCEPT');
    expect(forwarded(dom0, webOnly, { ...ssh, isSyn: false })).toBe('ACCEPT');
    expect(forwarded(dom0, webOnly, { ...ssh, src: '203.0.114.4' })).toBe('DROP');
  });

  test('takes an IPv6 network for no IPv4 network, never for any', () => {
    const six = guest(
      'six',
      [vif(0, lan, ['192.168.0.9'])],
      [allowed({ ports: [single(22)], from: ['2001:db8::/32'] })],
    );

    expect(forwarded(xen1, [six], { dst: '192.168.0.9', dport: 22 })).toBe('DROP');
  });

  test('logs what it closes, at a rate', () => {
    const { chains: all } = desiredFirewall(withFirewall({ log: '5/minute' }), webOnly);

    expect(all.get('XPUSH-DROP')).toEqual([
      '-m limit --limit 5/min -j LOG --log-prefix "xpush closed: "',
      '-j DROP',
    ]);
    expect(all.get('XPUSH-FWD')?.filter((rule) => rule.endsWith('-j DROP'))).toEqual([]);
  });

  test('drops wrong senders at the uplink and at vifs that have a name', () => {
    const dom0 = { ...xen1, antispoof: true };
    const named = guest('named', [{ ...vif(0, lan, ['192.168.0.9']), vifname: 'named0' }]);
    const guests = [webserv, named];

    expect(forwarded(dom0, guests, { src: '192.168.0.201', state: 'ESTABLISHED' })).toBe('DROP');
    expect(forwarded(dom0, guests, { src: '10.1.1.1', iif: 'named0' })).toBe('DROP');
    expect(forwarded(dom0, guests, { src: '192.168.0.9', iif: 'named0' })).toBe('ACCEPT');
    expect(forwarded(dom0, guests, { src: '192.168.0.77', iif: 'vif9.0' })).toBe('ACCEPT');
  });

  test('knows a vif whose packets come by another interface than the uplink', () => {
    const dom0 = { ...xen1, antispoof: true };
    const inner = guest('inner', [{ ...vif(0, lan, ['192.168.0.9']), gatewaydev: 'eth1' }]);

    expect(forwarded(dom0, [inner], { src: '192.168.0.9', iif: 'eth1' })).toBe('DROP');
    expect(forwarded(dom0, [inner], { src: '192.168.0.9', iif: 'eth0' })).toBe('RETURN');
  });
});

describe('missingKeepRules', () => {
  test('lets a peer through to the closed guests once', () => {
    const rules = missingKeepRules([], '203.0.113.4', webOnly);

    expect(rules[0]).toBe(
      '-s 203.0.113.4/32 -d 192.168.0.200/32 -p tcp -m tcp --dport 22 -j ACCEPT',
    );
    expect(rules).toHaveLength(3);
    expect(missingKeepRules(rules, '203.0.113.4', webOnly)).toEqual([]);
    expect(missingKeepRules(rules, '203.0.113.5', webOnly)).toHaveLength(3);
  });

  test('has nothing for a peer that is unknown or of the other family', () => {
    expect(missingKeepRules([], null, webOnly)).toEqual([]);
    expect(missingKeepRules([], '2001:db8::1', webOnly)).toEqual([]);
  });
});

const somePorts = fc.array(
  fc
    .tuple(fc.integer({ min: 1, max: 65_535 }), fc.integer({ min: 0, max: 60 }))
    .map(([first, width]) => ({
      first,
      last: Math.min(65_535, width > 30 ? first : first + width),
    })),
  { maxLength: 40 },
);
const someNetworks = fc.array(
  fc
    .tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }))
    .map(([address, prefix]) => `${address}/${prefix}`),
  { maxLength: 2 },
);
const someAllow: fc.Arbitrary<Allow> = fc.record({
  proto: fc.constantFrom('tcp', 'udp', 'icmp'),
  ports: somePorts,
  from: someNetworks,
  fromPorts: somePorts,
  direction: fc.constantFrom('in', 'out'),
  to: fc.constant([]),
  comment: fc.option(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ unit: fc.constantFrom('"', "'", '\\', ' ', '-', 'j', '#', '$', '%', '!') }),
      fc.constantFrom(
        'web',
        '" -j ACCEPT --comment "',
        '\nCOMMIT\n*nat',
        '-j ACCEPT',
        '[0:0] -A x',
      ),
    ),
    { nil: null },
  ),
});
const someDom0: fc.Arbitrary<Dom0> = fc
  .record({
    policy: fc.constantFrom('leave', 'drop'),
    admin: fc.option(someNetworks, { nil: null }),
    rules: fc.array(
      fc.tuple(someAllow, someNetworks).map(([entry, to]) => ({ ...entry, to })),
      { maxLength: 2 },
    ),
    log: fc.option(
      fc
        .tuple(
          fc.integer({ min: 1, max: 10_000 }),
          fc.constantFrom('second', 'minute', 'hour', 'day'),
        )
        .map(([count, unit]) => `${count}/${unit}`),
      { nil: null },
    ),
  })
  .map((firewall) => withFirewall(firewall, { antispoof: firewall.policy === 'drop' }));

const backends = ['nft', 'legacy'].filter(
  (backend) =>
    hasNamespaces &&
    isAvailable(`no iptables-${backend}`, () => {
      execFileSync('unshare', ['-n', `iptables-${backend}-save`], { stdio: 'ignore' });
    }),
);

describe.each(backends)('restoreFile, by iptables-%s', (backend) => {
  test('is printed by iptables-save as it was written', () => {
    fc.assert(
      fc.property(someDom0, fc.array(someAllow, { maxLength: 3 }), (dom0, allow) => {
        const firewall = desiredFirewall(dom0, [guest('g', [vif(0, lan, ['192.168.0.9'])], allow)]);

        const saved = execFileSync(
          'unshare',
          [
            '-n',
            'sh',
            '-ec',
            `iptables-${backend} -N XPUSH-KEEP; iptables-${backend}-restore --noflush; iptables-${backend}-save -t filter`,
          ],
          { input: restoreFile(firewall), encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] },
        ).split('\n');

        for (const [name, rules] of firewall.chains) {
          const prefix = `-A ${name} `;
          expect(
            saved
              .filter((line) => line.startsWith(prefix))
              .map((line) => line.slice(prefix.length)),
          ).toEqual(rules);
        }
        const policy = firewall.policies.get('FORWARD') ?? 'ACCEPT';
        expect(saved.some((line) => line.startsWith(`:FORWARD ${policy} `))).toBe(true);
      }),
    );
  });
});
