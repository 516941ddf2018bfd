import { describe, expect, test } from 'vitest';
import type { Allow, Dom0, PortRange } from '../../src/inventory/model.ts';
import { hasTool, isRoot } from '../host/shells.ts';
import { allowed, guest, lan, single, vif, xen1 } from './fleet.ts';
import { type BackEnd, Forwarding } from './forwarding.ts';

const backEnds = ['nft', 'iptables-nft', 'iptables-legacy'] as const;
const iptables = ['iptables-nft', 'iptables-legacy'] as const;
const missing = [...backEnds, 'perl'].filter((name) => !hasTool(name));
const hasAll = isRoot && missing.length === 0;
if (!hasAll) process.stderr.write(`skipped: packets (root: ${isRoot}, no ${missing.join()})\n`);

const outside = ['192.168.0.50', '2001:db8::50'] as const;
const first = ['192.168.0.9', '2001:db8::9'] as const;
const second = ['192.168.0.10', '2001:db8::10'] as const;

const start = (backEnd: BackEnd): Forwarding => new Forwarding(backEnd, outside, { first, second });

const dom0 = (more: Partial<Dom0>): Dom0 => ({ ...xen1, ...more });

/** Where the last of a sender's packets goes, and the others. */
const [marked, counted] = [999, 998];

const sending = `
  use IO::Socket::IP;
  my ($from, $to, $port) = @ARGV;
  my $socket = IO::Socket::IP->new(
    LocalHost => $from, PeerHost => $to, PeerPort => $port, Proto => 'udp') or die $@;
  $socket->send('x') or die $!;`;

/**
 * Sends from an address, which need not be the machine's own, and then from its own; gives how many
 * arrived outside once the last one has.
 */
async function arriving(
  forwarding: Forwarding,
  machine: 'first' | 'second',
  sender: string,
): Promise<number> {
  const isSix = sender.includes(':');
  const [to, own] = isSix
    ? [outside[1], (machine === 'first' ? first : second)[1]]
    : [outside[0], (machine === 'first' ? first : second)[0]];
  const wire = forwarding.machine('outside').namespace;
  const tool = isSix ? 'ip6tables-nft' : 'iptables-nft';
  const count = (): readonly number[] =>
    [...wire.run(`${tool}-save -c`).matchAll(/^\[(\d+):\d+\] -A INPUT/gm)].map((one) =>
      Number(one[1]),
    );
  wire.run([marked, counted].map((port) => `${tool} -A INPUT -p udp --dport ${port}`).join('\n'));
  const { namespace } = forwarding.machine(machine);
  namespace.run(
    `ip addr replace ${sender}/${isSix ? '128 nodad' : '32'} dev eth0
     send=$(cat)
     for _ in 1 2; do perl -e "$send" ${sender} ${to} ${counted}; done
     perl -e "$send" ${own} ${to} ${marked}`,
    sending,
  );
  await expect.poll(() => count()[0], { timeout: 10_000 }).toBe(1);
  const [, arrived = 0] = count();
  wire.run(`${tool} -F INPUT`);
  return arrived;
}

describe.runIf(hasAll).each(backEnds)('wrong senders, on %s', (backEnd) => {
  test('do not get out of a vif that Xen names, and right ones do', async () => {
    await using forwarding = start(backEnd);
    const guests = [guest('first', [vif(0, lan, first)]), guest('second', [vif(0, lan, second)])];

    await forwarding.push(dom0({ antispoof: false }), guests);
    for (const sender of second) expect(await arriving(forwarding, 'first', sender)).toBe(2);
    await forwarding.push(dom0({ antispoof: true }), guests);

    for (const sender of second) expect(await arriving(forwarding, 'first', sender)).toBe(0);
    for (const sender of ['192.168.0.77', '203.0.113.7', '2001:db8:77::7']) {
      expect(await arriving(forwarding, 'first', sender)).toBe(0);
    }
    for (const sender of first) expect(await arriving(forwarding, 'first', sender)).toBe(2);
    for (const sender of second) expect(await arriving(forwarding, 'second', sender)).toBe(2);
  });

  test('do not get out of a vif with a name of its own either', async () => {
    await using forwarding = start(backEnd);
    await forwarding.shell.call('ip link set vif1.0 down; ip link set vif1.0 name web0 up');
    await forwarding.shell.call(
      `ip addr replace fe80::1/64 dev web0 nodad
       ip route add ${first[0]} dev web0; ip route add ${first[1]} dev web0`,
    );
    const guests = [
      guest('first', [{ ...vif(0, lan, first), vifname: 'web0' }]),
      guest('second', [vif(0, lan, second)]),
    ];

    await forwarding.push(dom0({ antispoof: true }), guests);

    for (const sender of second) expect(await arriving(forwarding, 'first', sender)).toBe(0);
    for (const sender of first) expect(await arriving(forwarding, 'first', sender)).toBe(2);
  });
});

describe.runIf(hasAll).each(iptables)('what is closed, on %s', (backEnd) => {
  test('is logged at the rate that is said, and dropped at any', async () => {
    await using forwarding = start(backEnd);
    const guests = [guest('first', [vif(0, lan, first)], [])];
    await forwarding.push(
      dom0({ firewall: { ...xen1.firewall, log: '1/hour', admin: ['10.0.0.0/8'] } }),
      guests,
    );

    const refused = await forwarding.probe(
      'outside',
      Array.from({ length: 9 }, (_, index) => ({
        ...{ from: outside[0], to: first[0], port: 1000 + index, timeoutMs: 900 },
      })),
    );
    const { body } = await forwarding.shell.call('iptables-save -c -t filter');

    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set(['timeout']));
    const logged = /\[(\d+):\d+\] -A XPUSH-DROP .*-j LOG --log-prefix "xpush closed: "/.exec(body);
    const dropped = /\[(\d+):\d+\] -A XPUSH-DROP -j DROP/.exec(body);
    expect(Number(logged?.[1])).toBe(5); // the burst
    expect(Number(dropped?.[1])).toBeGreaterThanOrEqual(9);
  });
});

/** Ports of either side of what the entries say, and some far from it. */
const dports = [
  22, 24, 25, 26, 79, 80, 81, 442, 443, 444, 1999, 2000, 2010, 2020, 2021, 8080, 9000,
];
const sports = [null, 79, 80, 443, 1023, 1024, 8080];
const entries: readonly Allow[] = [
  allowed({
    ports: [single(25), single(80), single(443), { first: 2000, last: 2020 }],
    fromPorts: [{ first: 1024, last: 65_535 }, single(80), single(443), single(8080)],
  }),
  allowed({ ports: [single(8080), single(9000)], from: ['192.168.0.50/32', '2001:db8::50/128'] }),
];

/** The saved rules, with one rule a pair of ports or ranges, as they are written, for each entry. */
function longForm(saved: string): readonly string[] {
  const words = ({ first, last }: PortRange) => (first === last ? `${first}` : `${first}:${last}`);
  let place = 0;
  return saved
    .split('\n')
    .filter((line) => line.startsWith('-A XPUSH-'))
    .flatMap((line) => {
      if (!line.includes('--ctstate NEW')) return [line];
      const { ports, fromPorts } = entries[place++] ?? allowed({});
      const ends = line.replace(/ -p tcp .*/, '');
      const senders = fromPorts.map((range) => `--sport ${words(range)} `);
      return (senders.length === 0 ? [''] : senders).flatMap((sender) =>
        ports.map(
          (range) =>
            `${ends} -p tcp -m tcp ${sender}--dport ${words(range)} -m conntrack --ctstate NEW -j ACCEPT`,
        ),
      );
    });
}

describe.runIf(hasAll).each(iptables)('the compact form, on %s', (backEnd) => {
  test('decides as one rule a port does', async () => {
    await using forwarding = start(backEnd);
    const guests = [
      guest('first', [vif(0, lan, first)], entries),
      guest('second', [vif(0, lan, second)]),
    ];
    await forwarding.listen(dports);
    const requests = [0, 1].flatMap((family) =>
      dports.flatMap((port) =>
        sports.map((fromPort) => ({
          ...{ from: outside[family] ?? '', to: first[family] ?? '', port, timeoutMs: 1500 },
          ...(fromPort === null ? {} : { fromPort }),
        })),
      ),
    );
    const decide = async (): Promise<readonly string[]> =>
      (await forwarding.probe('outside', requests)).map(
        ({ status }, place) => `${JSON.stringify(requests[place])} ${status}`,
      );
    await forwarding.push(dom0({}), guests);

    const compact = await decide();
    for (const tool of ['iptables', 'ip6tables']) {
      const { body } = await forwarding.shell.call(`${tool}-save -t filter`);
      const long = longForm(body);
      expect(long.length - (body.match(/^-A XPUSH-/gm) ?? []).length).toBe(16);
      expect(long.join('\n')).not.toContain('multiport');
      const payload = ['*filter', ':XPUSH-FWD - [0:0]', ...long, 'COMMIT'].join('\n');
      const restored = await forwarding.shell.call(
        `${tool}-restore --noflush <<'RULES'\n${payload}\nRULES`,
      );
      expect(restored).toEqual({ status: 0, body: '' });
    }

    expect(compact).toHaveLength(238);
    expect(compact.filter((one) => one.endsWith(' open')).length).toBeGreaterThan(60);
    expect(compact.filter((one) => one.endsWith(' timeout')).length).toBeGreaterThan(60);
    expect(await decide()).toEqual(compact);
  });
});
