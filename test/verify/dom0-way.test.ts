import { describe, expect, test } from 'vitest';
import { query, type RunningVif, type XenFacts } from '../../src/host/query.ts';
import { dom0Problems, dom0Queries, spoofDropper } from '../../src/verify/dom0-way.ts';
import { guest, lan, vif, webserv, xen1 } from '../xen/fleet.ts';
import { answered, dual, type Known, path, second, stateOf, subjectOf } from './known.ts';

const far = '203.0.113.1';

const running = (place: number): RunningVif => ({
  handle: place,
  device: `vif7.${place}`,
  mac: webserv.vifs[place]?.mac ?? '',
  ips: webserv.vifs[place]?.ips ?? [],
  script: '/etc/xen/scripts/vif-route',
  bridge: null,
});

const xen = (domains: XenFacts['domains']) =>
  answered(query.xen(), { version: '4.17', isDom0: true, toolstack: 'xl', domains });
const ours = (vifs: readonly RunningVif[]) => xen([{ id: 7, name: 'webserv', vifs }]);
const parameter = (name: string, value: string | null) => answered(query.parameter(name), value);
const inward = query.path({ to: second.address });
const outward = (iif: string) => query.path({ from: second.address, iif, to: far });

const right: readonly Known[] = [
  ours([running(0), running(1), running(2)]),
  parameter('net.ipv4.ip_forward', '1'),
  parameter('net.ipv4.conf.eth0.proxy_arp', '1'),
  parameter('net.ipv4.conf.vif7/1.rp_filter', '1'),
  answered(inward, path({ dev: 'vif7.1' })),
  answered(outward('vif7.1'), path({ dev: 'eth0', via: '192.168.0.1' })),
];

describe('dom0Problems', () => {
  test.each<[string, readonly Known[], readonly string[]]>([
    ['all is as it should be', [], []],
    [
      'no proxy_arp',
      [parameter('net.ipv4.conf.eth0.proxy_arp', '0')],
      [
        'uplink: dom0 does not answer ARP requests for it on eth0 (net.ipv4.conf.eth0.proxy_arp is 0)',
      ],
    ],
    [
      'no uplink',
      [parameter('net.ipv4.conf.eth0.proxy_arp', null)],
      ['uplink: there is no interface eth0'],
    ],
    [
      'no forwarding',
      [parameter('net.ipv4.ip_forward', '0')],
      ['forwarding: dom0 forwards nothing (net.ipv4.ip_forward is 0)'],
    ],
    ['a guest that is off', [xen([])], ['route: the guest does not run']],
    [
      'a vif that is not attached',
      [ours([running(0)])],
      ['route: the running guest has no vif with the MAC of eth1'],
    ],
    [
      'no route at all',
      [answered(inward, path({ error: 'Network is unreachable' }))],
      ['route: dom0 has no route to it (Network is unreachable)'],
    ],
    [
      'the way of all else',
      [answered(inward, path({ dev: 'eth0' }))],
      ['route: dom0 has no route to its vif and sends it out of eth0'],
    ],
    [
      'an address of its own',
      [answered(inward, path({ dev: 'lo' }))],
      ['route: dom0 has the address itself'],
    ],
    [
      'the vif of another',
      [
        answered(inward, path({ dev: 'vif7.2' })),
        answered(outward('vif7.1'), path({ error: 'Invalid cross-device link' })),
      ],
      [
        'route: dom0 sends it to vif7.2, and its vif is another',
        'antispoof: dom0 drops what comes from it by its vif (rp_filter)',
      ],
    ],
    [
      'an old kernel that checks senders',
      [answered(outward('vif7.1'), path({ error: 'Invalid argument' }))],
      ['antispoof: dom0 drops what comes from it by its vif (rp_filter)'],
    ],
    [
      'an old kernel that does not',
      [
        parameter('net.ipv4.conf.vif7/1.rp_filter', '0'),
        answered(outward('vif7.1'), path({ error: 'Invalid argument' })),
      ],
      [],
    ],
    ['no toolstack: any vif will do', [xen(null), answered(inward, path({ dev: 'vif9.9' }))], []],
  ])('%s', (_, seen, wanted) => {
    const problems = dom0Problems(second, stateOf(...right, ...seen), far);

    expect(problems?.map(({ hop, cause }) => `${hop}: ${cause}`)).toEqual(wanted);
  });

  test('a host that was not asked tells nothing', () => {
    expect(dom0Problems(second, stateOf(), far)).toBeNull();
  });

  test('of IPv6 it must have a proxy neighbour, too', () => {
    const subject = { ...subjectOf(dual, 0), address: '2001:db8:1::230', family: 6 as const };
    const known: readonly Known[] = [
      xen(null),
      parameter('net.ipv6.conf.all.forwarding', '1'),
      parameter('net.ipv6.conf.eth0.proxy_ndp', '1'),
      answered(query.path({ to: subject.address }), path({ dev: 'vif3.0' })),
    ];
    const proxies = (...ips: readonly string[]) =>
      answered(
        query.proxies(),
        ips.map((ip) => ({ ip, dev: 'eth0' })),
      );

    expect(dom0Problems(subject, stateOf(...known, proxies(subject.address)), null)).toEqual([]);
    expect(dom0Problems(subject, stateOf(...known, proxies()), null)).toMatchObject([
      { hop: 'uplink', cause: expect.stringContaining('no proxy neighbour') },
    ]);
  });

  test('a bridged vif does not pass its routing', () => {
    const bridged = guest('b', [{ ...vif(0, lan, ['192.168.0.9']), bridge: 'br0' }]);

    expect(dom0Problems(subjectOf(bridged, 0), stateOf(), far)).toEqual([]);
  });
});

describe('dom0Queries', () => {
  const asked = (...known: readonly Known[]) =>
    dom0Queries([second], stateOf(...known), () => far).flatMap((each) =>
      each.kind === 'path' ? [each.iif] : [],
    );

  test('asks for the way of what comes by a vif once it knows the vif', () => {
    expect(asked()).toEqual([null]);
    expect(asked(...right)).toEqual([null, 'vif7.1']);
  });

  test.each(['../eth0', 'a b', '-x', '', 'vif;reboot', 'vif.1234567890123', 'vif..'])(
    'does not ask for a device that a host calls %j',
    (device) => {
      expect(asked(ours([{ ...running(1), device }]))).toEqual([null]);
    },
  );
});

describe('spoofDropper', () => {
  const strict = 'dom0 drops them (rp_filter): a black hole';

  test.each<[string, readonly Known[], boolean, string | null]>([
    ['strict', [], false, strict],
    [
      'strict for all',
      [
        parameter('net.ipv4.conf.vif7/1.rp_filter', '0'),
        parameter('net.ipv4.conf.all.rp_filter', '1'),
      ],
      false,
      strict,
    ],
    ['loose', [parameter('net.ipv4.conf.all.rp_filter', '2')], false, null],
    ['off', [parameter('net.ipv4.conf.vif7/1.rp_filter', '0')], false, null],
    [
      'rules',
      [parameter('net.ipv4.conf.vif7/1.rp_filter', '0')],
      true,
      'dom0 drops them (anti-spoofing): a black hole',
    ],
  ])('%s', (_, seen, antispoof, wanted) => {
    const subject = { ...second, dom0: { ...xen1, antispoof } };

    expect(spoofDropper(subject, stateOf(...right, ...seen))).toBe(wanted);
  });
});
