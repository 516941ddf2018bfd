import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { familyOf } from '../../src/inventory/address.ts';
import type { Subject } from '../../src/verify/model.ts';
import {
  forbiddenPorts,
  forbiddenSample,
  mostProbesOfEntry,
  portsOf,
  probePlan,
  udpNote,
} from '../../src/verify/probe-plan.ts';
import { iptablesFirewall } from '../../src/xen/firewall.ts';
import { firewallModel } from '../../src/xen/firewall-model.ts';
import { runs } from '../runs.ts';
import { allowed, guest, lan, single, vif, webserv, xen1 } from '../xen/fleet.ts';
import { type Packet, verdict } from '../xen/packet-model.ts';
import { someFirewall } from '../xen/some-firewalls.ts';
import { second } from './known.ts';

const prober = { source: '192.168.0.10', isRoot: true };

const range = (first: number, last: number) => ({ first, last });

function plan(entries: readonly Parameters<typeof allowed>[0][], given = prober) {
  const domU = guest('g', [vif(0, lan, ['192.168.0.200'])], entries.map(allowed));
  const [own] = domU.vifs;
  if (own === undefined) throw new Error('no vif');
  const subject = {
    address: '192.168.0.200',
    family: 4,
    guest: domU,
    vif: own,
    dom0: xen1,
  } as const;
  const { probes, notes } = probePlan(subject, given);
  return {
    notes,
    open: probes.filter(({ expected }) => expected === 'open').map(({ port }) => port),
    answer: probes.filter(({ expected }) => expected === 'answer').map(({ port }) => port),
    closed: probes.filter(({ expected }) => expected === 'closed').map(({ port }) => port),
    localPorts: [...new Set(probes.map(({ localPort }) => localPort))],
  };
}

describe('probePlan', () => {
  test('the guest of the source document: its two ports, and three that are closed', () => {
    const { probes, notes } = probePlan(second, prober);

    expect(probes.map(({ port, expected }) => `${port} ${expected}`)).toEqual([
      ...['80 open', '443 open'],
      ...['23 closed', '3306 closed', '6379 closed'],
    ]);
    expect(probes.every(({ localPort }) => localPort === null)).toBe(true);
    expect(notes).toEqual([]);
  });

  test.each<[string, Parameters<typeof plan>[0], Partial<ReturnType<typeof plan>>]>([
    [
      'a range is sampled, and may refuse',
      [{ ports: [range(5000, 5100)] }],
      { open: [], answer: [5000, 5100, 5050], notes: [expect.stringContaining('first, the last')] },
    ],
    [
      'a short range is no sample',
      [{ ports: [range(5000, 5001)] }],
      { answer: [5000, 5001], notes: [] },
    ],
    [
      'any port leaves none that is closed',
      [{ ports: [] }],
      { answer: [1, 65_535, 32_768], closed: [] },
    ],
    [
      'an entry for others',
      [{ ports: [single(80)], from: ['198.51.100.0/24'] }],
      { open: [], notes: ['entries that do not allow this machine are not tried'] },
    ],
    [
      'an entry for the other family alone',
      [{ ports: [single(80)], from: ['::/0'] }],
      { open: [] },
    ],
    ['another address', [{ ports: [single(80)], to: ['192.168.0.201/32'] }], { open: [] }],
    [
      'what is not TCP, or goes out',
      [{ proto: 'udp' }, { direction: 'out' }],
      { open: [], answer: [] },
    ],
    [
      'source ports',
      [{ ports: [single(80)], fromPorts: [range(2000, 3000)] }],
      { open: [80], localPorts: [3000, null] },
    ],
    [
      'ports that are closed for all but some are not tried as closed',
      [{ ports: [single(23)], from: ['10.0.0.0/8'] }],
      { closed: [3306, 6379, 111] },
    ],
    ['a list that closes all', [], { open: [], closed: [23, 3306, 6379] }],
  ])('%s', (_, entries, wanted) => {
    expect(plan(entries)).toMatchObject(wanted);
  });

  test('source ports below 1024 take root', () => {
    const entries = [{ ports: [single(80)], fromPorts: [single(53)] }];

    expect(plan(entries).localPorts).toContain(53);
    expect(plan(entries, { ...prober, isRoot: false })).toMatchObject({
      open: [],
      notes: ['entries with source ports below 1024 are not tried: that takes root'],
    });
  });

  test('a guest that is not filtered stands for its address by its SSH port', () => {
    const domU = { ...webserv, allow: null };

    expect(probePlan({ ...second, guest: domU }, prober).probes).toEqual([
      { address: second.address, port: 22, localPort: null, expected: 'answer' },
    ]);
  });

  test("what is tried is what dom0's rules say, whatever the inventory has", () => {
    const sources = {
      4: ['198.51.100.7', '192.168.0.10', '10.9.9.9'],
      6: ['2001:db8:f::7', 'fd00::9'],
    };
    let tried = 0;
    fc.assert(
      fc.property(someFirewall, fc.nat(2), fc.boolean(), ({ dom0, guests }, which, isRoot) => {
        for (const domU of guests) {
          for (const own of domU.vifs) {
            for (const address of own.ips) {
              const family = familyOf(address);
              const source = sources[family][which % sources[family].length] ?? '';
              const model = firewallModel(dom0, guests, family);
              const subject: Subject = { address, family, guest: domU, vif: own, dom0 };
              const rules = iptablesFirewall(model).chains;
              for (const probe of probePlan(subject, { source, isRoot }).probes) {
                const packet: Packet = {
                  ...{
                    src: source,
                    dst: address,
                    iif: 'eth0',
                    oif: 'vif1.0',
                    proto: 'tcp' as const,
                  },
                  ...{ sport: probe.localPort ?? 40_000, dport: probe.port, icmpType: '' },
                  ...{ isAstray: false, isSyn: true, state: 'NEW' as const },
                };
                const said = verdict(rules, 'XPUSH-FWD', packet);
                const decided =
                  said === 'RETURN' && dom0.firewall.policy === 'drop' ? 'DROP' : said;
                tried += 1;
                expect(decided === 'DROP', JSON.stringify(probe)).toBe(probe.expected === 'closed');
              }
            }
          }
        }
      }),
      { numRuns: runs() },
    );
    expect(tried).toBeGreaterThan(500);
  });
});

describe('portsOf', () => {
  test('of many ports sixteen at most are tried, and that is said', () => {
    const singles = Array.from({ length: 40 }, (_, index) => single(1000 + index));

    const { ports, isSampled } = portsOf(singles);

    expect(ports).toHaveLength(mostProbesOfEntry);
    expect(isSampled).toBe(true);
  });

  test('every port that is tried is one of the entry, once', () => {
    const someRange = fc
      .tuple(fc.integer({ min: 1, max: 65_535 }), fc.nat(70_000))
      .map(([first, more]) => range(first, Math.min(65_535, first + more)));
    fc.assert(
      fc.property(fc.array(someRange, { maxLength: 20 }), (ranges) => {
        const ports = portsOf(ranges).ports.map(({ port }) => port);

        expect(new Set(ports).size).toBe(ports.length);
        expect(ports.length).toBeGreaterThan(0);
        for (const port of ports) {
          const isOfEntry = ranges.some(({ first, last }) => first <= port && port <= last);
          expect(isOfEntry || ranges.length === 0).toBe(true);
        }
      }),
      { numRuns: runs() },
    );
  });
});

describe('forbiddenPorts', () => {
  test('there are three wherever three are left, and never port 22', () => {
    const open = [{ ports: [range(1, 21), range(23, 40_000)] }, { ports: [range(40_003, 65_535)] }];

    expect(forbiddenPorts(open)).toEqual([40_001, 40_002]);
    expect(forbiddenPorts([{ ports: [range(23, 65_535)] }])).toHaveLength(forbiddenSample);
    expect(forbiddenPorts([{ ports: [] }])).toEqual([]);
  });
});

describe('udpNote', () => {
  test('is for guests that allow UDP and have several addresses', () => {
    const udp = [allowed({ proto: 'udp', ports: [single(53)] })];

    expect(udpNote({ ...webserv, allow: udp })).toContain('answer from the first');
    expect(udpNote(webserv)).toBeNull();
    expect(udpNote(guest('one', [vif(0, lan, ['192.168.0.9'])], udp))).toBeNull();
  });
});
