import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Allow, Dom0, Dom0Firewall, DomU, Family } from '../../src/inventory/model.ts';
import { iptablesFirewall, missingKeepRules } from '../../src/xen/firewall.ts';
import { restoreFile } from '../../src/xen/firewall-boot.ts';
import { chains, firewallModel, firewallModels, keepRules } from '../../src/xen/firewall-model.ts';
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

const desiredFirewall = (dom0: Dom0, guests: readonly DomU[], family: Family = 4) =>
  iptablesFirewall(firewallModel(dom0, guests, family));

/** The verdict on a packet that dom0 is to forward, with FORWARD's policy. */
function forwarded(
  dom0: Dom0,
  guests: readonly DomU[],
  packet: Partial<Packet>,
  family: Family = 4,
): string {
  const firewall = desiredFirewall(dom0, guests, family);
  const whole: Packet = {
    src: '198.51.100.7',
    dst: '192.168.0.200',
    iif: 'eth0',
    oif: 'vif1.0',
    proto: 'tcp',
    sport: 40_000,
    dport: 80,
    icmpType: '8/0',
    isSyn: true,
    isAstray: false,
    state: 'NEW',
    ...packet,
  };
  if (verdict(firewall.chains, 'raw/XPUSH-SPOOF', whole) === 'DROP') return 'DROP';
  const decided = verdict(firewall.chains, chains.forward, whole);
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
          isAstray: false,
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

  test('drops what a vif that Xen names sends from where dom0 would not answer by it', () => {
    const dom0 = { ...xen1, antispoof: true };
    const astray = { src: '192.168.0.77', iif: 'vif9.0', isAstray: true } as const;
    const nobodys = { src: '0.0.0.0', iif: 'vif9.0', isAstray: true, dst: '192.0.2.1' } as const;

    expect(forwarded(dom0, webOnly, astray)).toBe('DROP');
    expect(forwarded(xen1, webOnly, astray)).toBe('ACCEPT');
    expect(forwarded(dom0, webOnly, nobodys)).toBe('RETURN');
    expect(forwarded(dom0, webOnly, { ...astray, iif: 'eth0' })).toBe('ACCEPT');
  });

  test('does without the way back where the kernel cannot tell it', () => {
    const dom0 = { ...xen1, antispoof: true };
    const old = firewallModel(dom0, webOnly, 4, { hasReversePath: false });

    expect(JSON.stringify(old)).not.toContain('"isAstray":true');
    expect(iptablesFirewall(old).chains.get('raw/XPUSH-SPOOF')).toContain(
      '-s 192.168.0.200/32 -i eth0 -j DROP',
    );
  });

  test('knows a vif whose packets come by another interface than the uplink', () => {
    const dom0 = { ...xen1, antispoof: true };
    const inner = guest('inner', [{ ...vif(0, lan, ['192.168.0.9']), gatewaydev: 'eth1' }]);

    expect(forwarded(dom0, [inner], { src: '192.168.0.9', iif: 'eth1' })).toBe('DROP');
    expect(forwarded(dom0, [inner], { src: '192.168.0.9', iif: 'eth0' })).toBe('RETURN');
  });

  test('leaves a bridged vif’s address alone, whose packets come by the uplink', () => {
    const dom0 = { ...xen1, antispoof: true };
    const bridged = { ...vif(0, lan, ['192.168.0.9']), script: 'vif-bridge', bridge: 'eth0' };

    expect(forwarded(dom0, [guest('b', [bridged])], { src: '192.168.0.9' })).toBe('RETURN');
  });
});

describe('firewallModels', () => {
  const six = (ips: readonly string[], allow: readonly Allow[] | null) =>
    guest('six', [vif(0, lan, ips)], allow);
  const dual = ['192.168.0.9', '2001:DB8:0::9'];
  const web = allowed({ ports: [single(443)], from: ['10.0.0.0/8', '2001:db8:1::/48'] });
  const to = { src: '2001:db8:1::7', dst: '2001:db8::9', dport: 443 } as const;

  test('is about IPv6 only where a guest has such an address', () => {
    const familiesOf = (guests: readonly DomU[]) =>
      firewallModels(xen1, guests).map(({ family }) => family);

    expect(familiesOf(webOnly)).toEqual([4]);
    expect(familiesOf([...webOnly, six(['2001:db8::9'], null)])).toEqual([4, 6]);
  });

  test('closes and opens both families of a guest by the same entries', () => {
    const guests = [six(dual, [web])];

    expect(forwarded(xen1, guests, to, 6)).toBe('ACCEPT');
    expect(forwarded(xen1, guests, { ...to, src: '2001:db8:2::7' }, 6)).toBe('DROP');
    expect(forwarded(xen1, guests, { ...to, dport: 80 }, 6)).toBe('DROP');
    expect(forwarded(xen1, guests, { src: '10.1.1.1', dst: '192.168.0.9', dport: 443 })).toBe(
      'ACCEPT',
    );
    expect(desiredFirewall(xen1, guests, 6).chains.get('XPUSH-FWD')).toContain(
      '-s 2001:db8:1::/48 -d 2001:db8::9/128 -p tcp -m tcp --dport 443 -m conntrack --ctstate NEW -j ACCEPT',
    );
  });

  test('takes icmp for the family’s own', () => {
    const guests = [six(dual, [allowed({ proto: 'icmp' })])];
    const ping = { ...to, proto: 'icmp', icmpType: '128' } as const;

    expect(forwarded(xen1, guests, ping, 6)).toBe('ACCEPT');
    expect(desiredFirewall(xen1, guests, 6).chains.get('XPUSH-FWD')).toContain(
      '-d 2001:db8::9/128 -p ipv6-icmp -m conntrack --ctstate NEW -j ACCEPT',
    );
  });

  test('lets packet-too-big and neighbour discovery through, and no ping', () => {
    const guests = [six(dual, [])];
    const icmp = (icmpType: string) =>
      forwarded(xen1, guests, { ...to, proto: 'icmp', icmpType, state: 'INVALID' }, 6);

    expect(['2', '133', '134', '135', '136'].map(icmp)).toEqual(Array(5).fill('ACCEPT'));
    expect(['1', '128', '137'].map(icmp)).toEqual(Array(3).fill('DROP'));
  });

  test('takes a list with nothing of the family for nowhere', () => {
    const only4 = allowed({ ports: [single(22)], from: ['10.0.0.0/8'] });

    expect(forwarded(xen1, [six(dual, [only4])], { ...to, dport: 22 }, 6)).toBe('DROP');
  });

  test('lets IPv6 admins and peers reach port 22', () => {
    const guests = [six(dual, [])];
    const dom0 = withFirewall({ admin: ['2001:db8:f::/64'] });

    expect(forwarded(dom0, guests, { ...to, src: '2001:db8:f::1', dport: 22 }, 6)).toBe('ACCEPT');
    expect(missingKeepRules([], keepRules('2001:db8:e::1', guests, 6), 6)).toEqual([
      '-s 2001:db8:e::1/128 -d 2001:db8::9/128 -p tcp -m tcp --dport 22 -j ACCEPT',
    ]);
  });

  test('drops wrong senders of IPv6, and never what stays on the link', () => {
    const dom0 = { ...xen1, antispoof: true };
    const guests = [six(dual, null)];

    expect(forwarded(dom0, guests, { src: '2001:db8::9' }, 6)).toBe('DROP');
    expect(forwarded(dom0, guests, { src: '2001:db8::8', iif: 'vif1.0', isAstray: true }, 6)).toBe(
      'DROP',
    );
    expect(forwarded(dom0, guests, { src: 'fe80::1', iif: 'vif1.0', isAstray: true }, 6)).toBe(
      'RETURN',
    );
  });
});

describe('missingKeepRules', () => {
  const missing = (existing: readonly string[], peer: string | null, family: Family = 4) =>
    missingKeepRules(existing, keepRules(peer, webOnly, family), family);

  test('lets a peer through to the closed guests once', () => {
    const rules = missing([], '203.0.113.4');

    expect(rules[0]).toBe(
      '-s 203.0.113.4/32 -d 192.168.0.200/32 -p tcp -m tcp --dport 22 -j ACCEPT',
    );
    expect(rules).toHaveLength(3);
    expect(missing(rules, '203.0.113.4')).toEqual([]);
    expect(missing(rules, '203.0.113.5')).toHaveLength(3);
  });

  test('knows its rules again where iptables-save names an address without a length', () => {
    const old = missing([], '203.0.113.4').map((rule) => rule.replaceAll('/32', ''));

    expect(missing(old, '203.0.113.4')).toEqual([]);
    expect(missing(old, '203.0.113.40')).toHaveLength(3);
  });

  test('takes an IPv4 peer from a server that listens on IPv6', () => {
    expect(missing([], '::ffff:203.0.113.4')).toEqual(missing([], '203.0.113.4'));
  });

  test('has nothing for a peer that is unknown or of the other family', () => {
    expect(missing([], null)).toEqual([]);
    expect(missing([], '2001:db8::1')).toEqual([]);
    expect(missing([], '203.0.113.4', 6)).toEqual([]);
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
  fc.oneof(
    fc
      .tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }))
      .map(([address, prefix]) => `${address}/${prefix}`),
    fc
      .tuple(
        fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 7, maxLength: 7 }),
        fc.integer({ min: 0, max: 128 }),
      )
      .map(
        ([words, prefix]) => `2001:${words.map((word) => word.toString(16)).join(':')}/${prefix}`,
      ),
  ),
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

describe.each(
  backends.flatMap((backend) => ([4, 6] as const).map((family) => [backend, family] as const)),
)('restoreFile, by iptables-%s of IPv%i', (backend, family) => {
  test('is printed by iptables-save as it was written', () => {
    const tool = `${family === 6 ? 'ip6tables' : 'iptables'}-${backend}`;
    const ips = ['192.168.0.9', '2001:db8::9'];
    fc.assert(
      fc.property(someDom0, fc.array(someAllow, { maxLength: 3 }), (dom0, allow) => {
        const named = { ...vif(1, lan, ['192.168.0.10', '2001:db8::10']), vifname: 'n.0' };
        const guests = [guest('g', [vif(0, lan, ips), named], allow)];
        const firewall = desiredFirewall(dom0, guests, family);

        const script = `${tool} -N XPUSH-KEEP; ${tool}-restore --noflush; ${tool}-save -t filter; ${tool}-save -t raw | sed 's/^-A /-A raw\\//'`;
        const saved = execFileSync('unshare', ['-n', 'sh', '-ec', script], {
          input: restoreFile(firewall),
          encoding: 'utf8',
          stdio: ['pipe', 'pipe', 'pipe'],
        }).split('\n');

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
      { numRuns: runs(120) },
    );
  });
});
