import { describe, expect, test } from 'vitest';
import { parseRoutes } from '../../src/host/routes-text.ts';
import { routingWords } from '../../src/host/routing-words.ts';
import { parseRules } from '../../src/host/rules-text.ts';
import { ipRules } from '../../src/steps/ip-rules.ts';
import type { Plan, Refusal } from '../../src/steps/step.ts';
import { bind, fileOf, planTwice, stateFor } from './observed.ts';

describe('ip_rules', () => {
  test('leaves interfaces that are not there yet pending', () => {
    const { first, second } = planTwice(bind(ipRules, 'webserv'), { interfaces: [] });

    expect(first).toMatchObject({
      changes: [],
      pending: [
        'eth0 appears when webserv is next created',
        'eth1 appears when webserv is next created',
      ],
    });
    expect(second).toEqual(first);
  });

  test('is refused where the host cannot list its rules', () => {
    const bound = bind(ipRules, 'webserv');
    const state = stateFor(bound, {}).with(new Map([['rules:4', { failure: 'no ip here' }]]));

    expect(bound.plan(state)).toEqual({ refusal: 'no ip here', hint: null });
  });

  test('gives up at once on a host that claims to have no end of rules or routes', () => {
    const bound = bind(ipRules, 'webserv');
    const interfaces = [
      { name: 'eth0', mac: 'de:ad:be:ef:00:00', isUp: true, addresses: [] },
      { name: 'eth1', mac: 'de:ad:be:ef:00:01', isUp: true, addresses: [] },
    ];
    const rules = parseRules('1000: from all lookup 1\n1000: from all lookup 16\n'.repeat(100_000));
    const routes = parseRoutes('10.0.0.0/8 dev eth0 table 16\n'.repeat(100_000), 4);
    const before = process.cpuUsage();

    const withRules = bound.plan(
      stateFor(bound, { interfaces, 'rules:4': { entries: rules, fingerprint: '' } }),
    );
    const withRoutes = bound.plan(
      stateFor(bound, { interfaces, 'routes:4': { entries: routes, fingerprint: '' } }),
    );

    expect(withRules).toMatchObject({
      refusal: 'the host has 200000 rules: no more than 4096 are dealt with',
    });
    expect(withRoutes).toMatchObject({ refusal: expect.stringContaining('differences') });
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(3_000);
  });

  const memory = 'file:/var/lib/xpush/ip_rules.json';
  const remembered = {
    tables: [40],
    addresses: [{ mac: 'de:ad:be:ef:00:00', ip: '192.168.0.9', prefix: 24 }],
  };
  const met = {
    [memory]: fileOf(JSON.stringify(remembered)),
    interfaces: [
      {
        name: 'eth0',
        mac: 'de:ad:be:ef:00:00',
        isUp: true,
        addresses: [
          { ip: '192.168.0.200', prefix: 24 },
          { ip: '192.168.0.9', prefix: 24 },
        ],
      },
    ],
    'rules:4': {
      entries: parseRules('1000: from 192.168.0.9 lookup 40\n1000: from 192.168.0.200 lookup 16\n'),
      fingerprint: '',
    },
    'routes:4': {
      entries: parseRoutes('default via 192.168.0.1 dev eth0 table 40\n', 4),
      fingerprint: '',
    },
  };
  const operationsOf = (plan: Plan | Refusal | undefined): readonly string[] =>
    plan === undefined || 'refusal' in plan
      ? []
      : plan.changes.flatMap((one) =>
          one.kind === 'routing' ? one.operations.map(routingWords) : [],
        );

  test('takes away what an earlier run wrote, and remembers what is there instead', () => {
    const { first, second } = planTwice(bind(ipRules, 'webserv'), met);

    expect(operationsOf(first).slice(-3)).toEqual([
      'rule del from 192.168.0.9/32 priority 1000 table 40',
      'route del 0.0.0.0/0 via 192.168.0.1 dev eth0 table 40',
      'addr del 192.168.0.9/24 dev eth0',
    ]);
    expect(first).toMatchObject({
      upkeep: [
        { kind: 'directory', mode: 0o700 },
        {
          kind: 'write',
          content:
            '{"tables":[16],"addresses":[{"mac":"de:ad:be:ef:00:00","ip":"192.168.0.200","prefix":24}]}\n',
        },
      ],
    });
    expect(second).toMatchObject({ changes: [], upkeep: [] });
  });

  test('never takes the address away that the session came in by', () => {
    const session = { peer: '192.168.0.10', address: '192.168.0.9' };

    const { first } = planTwice(bind(ipRules, 'webserv'), { ...met, session });

    expect(operationsOf(first).join('\n')).not.toMatch(/addr del|192\.168\.0\.9/);
    expect(first).toMatchObject({
      pending: expect.arrayContaining([
        '192.168.0.9 stays on eth0, since this session came in by it; it goes when one comes in by another',
      ]),
    });
  });

  test('believes no memory that is not its own', () => {
    const hostile = { tables: [254], addresses: [{ mac: '-', ip: '$(reboot)', prefix: 24 }] };

    const { first } = planTwice(bind(ipRules, 'webserv'), {
      ...met,
      [memory]: fileOf(JSON.stringify(hostile)),
    });

    expect(operationsOf(first).join('\n')).not.toMatch(/addr del|table 40/);
  });

  test('leaves addresses and the main table when it goes', () => {
    const bound = bind(ipRules, 'webserv');

    const left = bound.leave?.(stateFor(bound, met));

    expect(operationsOf(left)).toEqual([
      'rule del from 192.168.0.9/32 priority 1000 table 40',
      'rule del from 192.168.0.200/32 priority 1000 table 16',
      'route del 0.0.0.0/0 via 192.168.0.1 dev eth0 table 40',
    ]);
    expect(left).toMatchObject({
      upkeep: [{ kind: 'remove', path: '/var/lib/xpush/ip_rules.json' }],
    });
  });

  test('brings both families, and says once what waits', () => {
    const { first, second } = planTwice(bind(ipRules, 'six'), {
      interfaces: [{ name: 'eth0', mac: 'de:ad:be:ef:06:00', isUp: true, addresses: [] }],
    });

    expect(operationsOf(first)).toEqual([
      'addr add 192.168.0.60/24 brd + dev eth0',
      'route replace 0.0.0.0/0 via 192.168.0.1 dev eth0 table 254',
      'addr add 2001:db8:1::60/128 nodad dev eth0',
      'route replace ::/0 via fe80::fcff:ffff:feff:ffff dev eth0 table 16 onlink',
      'route replace ::/0 via fe80::fcff:ffff:feff:ffff dev eth0 table 254 onlink',
      'rule add from 2001:db8:1::60/128 priority 1001 table 16',
    ]);
    expect(second).toMatchObject({
      changes: [],
      pending: ['eth1 appears when six is next created'],
    });
  });

  test.each([
    ['3.16.0-4-amd64', ' onlink'],
    ['4.2.0', ' onlink'],
    ['4.3.0', ''],
    ['6.1.0-18-amd64', ''],
    [null, ''],
  ])('on a kernel %s writes gateways of tables as%s it can look them up', (release, word) => {
    const { first } = planTwice(bind(ipRules, 'webserv'), {
      'parameter:kernel.osrelease': release,
    });

    expect(operationsOf(first)).toContain(
      `route replace 0.0.0.0/0 via 192.168.0.1 dev eth1 src 192.168.0.201 table 17${word}`,
    );
  });
});
