import { describe, expect, test } from 'vitest';
import { type NetworkInterface, query, type Route, type Rule } from '../../src/host/query.ts';
import { guestProblems, guestQueries, targetsOf } from '../../src/verify/guest-way.ts';
import { tableRoutes, tableRules } from '../../src/xen/routing.ts';
import { guest, storage, vif, webserv } from '../xen/fleet.ts';
import {
  answered,
  dual,
  failed,
  type Known,
  listing,
  path,
  second,
  stateOf,
  subjectOf,
} from './known.ts';

const far = '203.0.113.1';
const near = '192.168.0.1';
const hole = '; dom0 drops them: a black hole';

const interfaces: readonly NetworkInterface[] = webserv.vifs.map(({ iface, mac, ips }) => ({
  name: iface,
  mac,
  isUp: true,
  addresses: ips.map((ip) => ({ ip, prefix: 24 })),
}));

const rules: readonly Rule[] = webserv.vifs.flatMap((each) => tableRules(each));
const routes: readonly Route[] = webserv.vifs.flatMap((each) => tableRoutes(webserv, each));
const toNear = query.path({ from: second.address, to: near });
const toFar = query.path({ from: second.address, to: far });

const right: readonly Known[] = [
  answered(query.interfaces(), interfaces),
  answered(query.rules(4), listing(...rules)),
  answered(query.routes(4), listing(...routes)),
  answered(toNear, path({ dev: 'eth1', table: 17 })),
  answered(toFar, path({ dev: 'eth1', via: near, table: 17 })),
];
const byFirst: readonly Known[] = [
  answered(toNear, path({ dev: 'eth0' })),
  answered(toFar, path({ dev: 'eth0', via: near })),
];
const withRules = (wanted: readonly Rule[]) => answered(query.rules(4), listing(...wanted));
const withRoutes = (wanted: readonly Route[]) => answered(query.routes(4), listing(...wanted));
const withInterfaces = (change: (each: NetworkInterface) => NetworkInterface) =>
  answered(query.interfaces(), interfaces.map(change));

describe('guestProblems', () => {
  test.each<[string, readonly Known[], string | null, string | null]>([
    ['all is as it should be', [], null, null],
    [
      'an ip without tables in its answers',
      [answered(toFar, path({ dev: 'eth1', via: near }))],
      null,
      null,
    ],
    [
      'no rule',
      [...byFirst, withRules(rules.filter(({ table }) => table !== 17))],
      'dom0 drops them: a black hole',
      `answers leave by eth0, not by eth1: no rule sends what comes from it to table 17${hole}`,
    ],
    [
      'an empty table, and nobody known who drops',
      [...byFirst, withRoutes(routes.filter(({ table }) => table !== 17))],
      null,
      'answers leave by eth0, not by eth1: table 17 is empty',
    ],
    [
      'a table of another interface',
      [
        ...byFirst,
        withRoutes(routes.map((each) => (each.table === 17 ? { ...each, dev: 'eth0' } : each))),
      ],
      null,
      'answers leave by eth0, not by eth1: table 17 has no route by eth1',
    ],
    [
      'a rule before ours',
      [
        ...byFirst,
        withRules([
          {
            priority: 500,
            from: second.address,
            to: null,
            iif: null,
            oif: null,
            table: 99,
            rest: '',
          },
          ...rules,
        ]),
      ],
      null,
      'answers leave by eth0, not by eth1: the rule of priority 500 sends it to table 99',
    ],
    [
      'its own strict rp_filter',
      [
        ...byFirst,
        answered(query.parameter('net.ipv4.conf.eth1.rp_filter'), '1'),
        answered(query.parameter('net.ipv4.conf.all.rp_filter'), '0'),
      ],
      null,
      'answers leave by eth0, not by eth1; the guest drops what comes in by eth1 then (rp_filter): a black hole',
    ],
    [
      'its own loose rp_filter',
      [
        ...byFirst,
        answered(query.parameter('net.ipv4.conf.eth1.rp_filter'), '1'),
        answered(query.parameter('net.ipv4.conf.all.rp_filter'), '2'),
      ],
      null,
      'answers leave by eth0, not by eth1',
    ],
    [
      'no way beyond',
      [answered(toFar, path({ error: 'Network is unreachable' }))],
      null,
      'it has no way to what is beyond its network (Network is unreachable)',
    ],
    [
      'another gateway',
      [answered(toFar, path({ dev: 'eth1', via: '192.168.0.2' }))],
      null,
      'answers leave by way of 192.168.0.2, not of 192.168.0.1',
    ],
    [
      'no gateway',
      [answered(toFar, path({ dev: 'eth1', table: 17 }))],
      null,
      'what is beyond its network is looked for on the link of eth1, not at 192.168.0.1',
    ],
    [
      'another table that leads the same way',
      [answered(toFar, path({ dev: 'eth1', via: near, table: 99 }))],
      null,
      'table 99 decides, not table 17',
    ],
    [
      'no interface',
      [answered(query.interfaces(), interfaces.slice(0, 1))],
      null,
      'the guest has no interface with the MAC of eth1',
    ],
    [
      'an interface that is down',
      [withInterfaces((each) => (each.name === 'eth1' ? { ...each, isUp: false } : each))],
      null,
      'eth1 is down',
    ],
    [
      'no address',
      [withInterfaces((each) => (each.name === 'eth1' ? { ...each, addresses: [] } : each))],
      null,
      'eth1 does not have the address',
    ],
  ])('%s', (_, seen, dropper, cause) => {
    const problems = guestProblems(second, stateOf(...right, ...seen), far, dropper);

    expect(problems?.map((each) => each.cause)).toEqual(cause === null ? [] : [cause]);
    expect(problems?.every(({ host }) => host === 'webserv')).toBe(true);
  });

  test('a renamed interface is known by its MAC', () => {
    const seen = [
      withInterfaces((each) => ({ ...each, name: each.name.replace('eth', 'ens') })),
      answered(toNear, path({ dev: 'ens1', table: 17 })),
      answered(toFar, path({ dev: 'ens1', via: near, table: 17 })),
    ];

    expect(guestProblems(second, stateOf(...right, ...seen), far, null)).toEqual([]);
  });

  test('a host that could not tell is no host that is right', () => {
    expect(guestProblems(second, stateOf(), far, null)).toBeNull();
    const silent = stateOf(...right, failed(toFar, 'iproute2 is not installed'));
    expect(guestProblems(second, silent, far, null)).toBeNull();
  });
});

describe('targetsOf', () => {
  test('a network without a gateway has a neighbour, and nothing beyond', () => {
    const subject = subjectOf(guest('disk', [vif(0, storage, ['10.8.0.1'])]), 0);

    expect(targetsOf(subject, far)).toEqual({ near: '10.8.0.2', far: null });
  });

  test('IPv6 behind vif-route goes by dom0, also to its own network', () => {
    const subject = { ...subjectOf(dual, 0), address: '2001:db8:1::230', family: 6 as const };
    const targets = targetsOf(subject, '2001:db8:ffff::1');
    const way = { dev: 'eth0', via: 'fe80::fcff:ffff:feff:ffff' };
    const state = (given: typeof way) =>
      stateOf(
        answered(
          query.interfaces(),
          dual.vifs.map(({ iface, mac, ips }) => ({
            name: iface,
            mac,
            isUp: true,
            addresses: ips.map((ip) => ({ ip, prefix: 128 })),
          })),
        ),
        ...[targets.near, targets.far].map((to) =>
          answered(query.path({ from: subject.address, to: to ?? '' }), path(given)),
        ),
      );

    expect(targets).toEqual({ near: '2001:db8:1::1', far: '2001:db8:ffff::1' });
    expect(guestProblems(subject, state(way), '2001:db8:ffff::1', null)).toEqual([]);
    expect(
      guestProblems(subject, state({ ...way, via: 'fe80::1' }), '2001:db8:ffff::1', null),
    ).toMatchObject([
      { cause: 'answers leave by way of fe80::1, not of fe80::fcff:ffff:feff:ffff' },
    ]);
  });
});

describe('guestQueries', () => {
  test('asks two ways of each address, and nothing of a family that it has not', () => {
    const subjects = webserv.vifs.map((_, place) => subjectOf(webserv, place));

    const asked = guestQueries(webserv, subjects, () => far);

    expect(asked.filter(({ kind }) => kind === 'path')).toHaveLength(6);
    expect(asked).toContainEqual(query.routes(4));
    expect(asked).not.toContainEqual(query.routes(6));
  });
});
