import { describe, expect, test } from 'vitest';
import { judge } from '../../src/verify/judge.ts';
import {
  isAsExpected,
  type Outcome,
  type PlannedProbe,
  type Problem,
} from '../../src/verify/model.ts';
import { second } from './known.ts';

const result = (port: number, expected: PlannedProbe['expected'], outcome: Outcome) => ({
  ...{ address: second.address, port, localPort: null, expected, outcome },
});

const problem = (hop: Problem['hop']): Problem => ({ hop, host: 'x', cause: hop, hint: null });

const asDescribed = { isAsDescribed: true, foreignDrops: [], closes: [] };

const drop = (destination: string) => ({
  ...{ text: `FORWARD: -d ${destination} -j DROP`, sources: [], destinations: [destination] },
  ...{ sports: [], dports: [] },
});
const right = { subject: second, dom0: [], guest: [], firewall: asDescribed, probes: [] };

const told = (evidence: Partial<Parameters<typeof judge>[0]>): string[] =>
  judge({ ...right, ...evidence }).problems.map(
    ({ hop, host, cause }) => `${hop} ${host}: ${cause}`,
  );

describe('judge', () => {
  test.each<[string, Parameters<typeof told>[0], readonly string[]]>([
    ['nothing', {}, []],
    [
      'ports as they should be',
      {
        probes: [
          result(80, 'open', 'open'),
          result(99, 'answer', 'refused'),
          result(23, 'closed', 'timeout'),
        ],
      },
      [],
    ],
    [
      'nothing listens',
      { probes: [result(443, 'open', 'refused'), result(80, 'open', 'refused')] },
      ['service webserv: nothing listens on tcp 80, 443'],
    ],
    [
      'ports that should be closed',
      { probes: [result(25, 'closed', 'refused'), result(23, 'closed', 'open')] },
      ['firewall xen1: tcp 23, 25 should be closed, and the firewall lets them through'],
    ],
    [
      'these, since the rules are others',
      {
        probes: [result(23, 'closed', 'open')],
        firewall: { ...asDescribed, isAsDescribed: false },
      },
      [
        'firewall xen1: tcp 23 should be closed, and the firewall lets them through: its rules are not those of the inventory',
      ],
    ],
    [
      'silence that dom0 explains',
      { dom0: [problem('route')], probes: [result(80, 'open', 'timeout')] },
      ['route x: route'],
    ],
    [
      'the first of several places',
      { dom0: [problem('antispoof'), problem('uplink')], guest: [problem('way_back')] },
      ['uplink x: uplink'],
    ],
    [
      'silence and a rule of others',
      {
        probes: [result(80, 'open', 'timeout')],
        firewall: {
          isAsDescribed: false,
          closes: [],
          foreignDrops: [drop('10.0.0.0/8'), drop('192.168.0.0/24')],
        },
      },
      [
        "firewall xen1: tcp 80: no answer; a rule that is not xpush's drops it: FORWARD: -d 192.168.0.0/24 -j DROP",
      ],
    ],
    [
      'silence and rules that are not those of the inventory',
      {
        probes: [result(80, 'answer', 'timeout')],
        firewall: { ...asDescribed, isAsDescribed: false },
      },
      [
        "firewall xen1: tcp 80: no answer; the rules of dom0's firewall are not those of the inventory",
      ],
    ],
    [
      'silence of a guest that nothing lets through',
      {
        subject: { ...second, guest: { ...second.guest, allow: null } },
        probes: [result(22, 'answer', 'timeout')],
        firewall: { ...asDescribed, closes: [4] },
      },
      [
        "firewall xen1: tcp 22: no answer; FORWARD drops what no rule lets through, by a policy that is not xpush's",
      ],
    ],
    [
      'silence, and nobody knows why',
      { probes: [result(80, 'open', 'unreachable')] },
      [
        'network null: tcp 80: no answer, though dom0 and guest have the way; what is between here and dom0 does not lead there, or drops it',
      ],
    ],
    [
      'silence of some ports',
      { probes: [result(80, 'open', 'timeout'), result(443, 'open', 'open')] },
      [
        "network null: tcp 80: no answer, though other ports do; a firewall of the guest's own, or one between here and dom0",
      ],
    ],
    [
      'silence of a guest that cannot be asked',
      { guest: null, probes: [result(80, 'open', 'timeout')] },
      [
        'network webserv: tcp 80: no answer, though dom0 has the way; the guest could not be asked whether it answers the right way',
      ],
    ],
    [
      'silence behind a dom0 that cannot be asked',
      { dom0: null, firewall: null, probes: [result(80, 'open', 'timeout')] },
      ['network null: tcp 80: no answer; dom0 could not be asked whether it has the way'],
    ],
    ['a probe that was not sent', { probes: [result(80, 'open', 'not_sent')] }, []],
    [
      'one after the other',
      {
        guest: [problem('way_back')],
        probes: [
          result(80, 'open', 'refused'),
          result(23, 'closed', 'open'),
          result(443, 'open', 'timeout'),
        ],
      },
      [
        'way_back x: way_back',
        'firewall xen1: tcp 23 should be closed, and the firewall lets them through',
        'service webserv: nothing listens on tcp 80',
      ],
    ],
  ])('%s', (_, evidence, wanted) => {
    expect(told(evidence)).toEqual(wanted);
  });

  test('what hosts say is right, wrong or unknown, and what is behind the first is kept', () => {
    const unknown = judge({ ...right, dom0: null, guest: null });
    const both = judge({ ...right, dom0: [problem('route')], guest: [problem('interface')] });

    expect(unknown).toMatchObject({ isDom0Right: null, isGuestRight: null, problems: [] });
    expect(both).toMatchObject({ isDom0Right: false, isGuestRight: false });
    expect(both.further).toEqual([problem('interface')]);
  });
});

describe('isAsExpected', () => {
  test.each<[PlannedProbe['expected'], string]>([
    ['open', 'open'],
    ['answer', 'open refused'],
    ['closed', 'timeout unreachable'],
  ])('%s is as expected by %s', (expected, wanted) => {
    const outcomes = ['open', 'refused', 'timeout', 'unreachable'] as const;

    const good = outcomes.filter((outcome) => isAsExpected(result(1, expected, outcome)));
    expect(good.join(' ')).toBe(wanted);
    expect(isAsExpected(result(1, expected, 'not_sent'))).toBeNull();
  });
});
