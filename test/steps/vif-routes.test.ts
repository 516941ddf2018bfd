import { describe, expect, test } from 'vitest';
import { parseRoutes } from '../../src/host/routes-text.ts';
import { routingWords } from '../../src/host/routing-words.ts';
import type { Plan, Refusal } from '../../src/steps/step.ts';
import { vifRoutes } from '../../src/steps/vif-routes.ts';
import { bind, fileOf, planTwice, stateFor } from './observed.ts';

const memory = 'file:/var/lib/xpush/vif_routes.json';
const hook = 'file:/etc/xen/scripts/vif-post.d/50-xpush-ipv6.hook';
const addresses = 'file:/etc/xen/xpush-ipv6';
const own = fileOf('# Written by xpush. Changes here are overwritten.\n');

/** A dom0 on which the guest runs with the first of its vifs. */
const dom0 = {
  'file:/etc/xen/scripts/vif-route': fileOf('call_hooks vif post\n'),
  'file:/etc/xen/scripts/vif-post.d': { type: 'absent' },
  interfaces: ['eth0', 'vif3.0'].map((name) => ({ name, mac: null, isUp: true, addresses: [] })),
  domains: {
    toolstack: 'xl',
    domains: [
      {
        id: 3,
        name: 'six',
        vifs: [
          {
            handle: 0,
            device: 'vif3.0',
            mac: 'de:ad:be:ef:06:00',
            ips: [],
            script: null,
            bridge: null,
          },
        ],
      },
    ],
  },
};
const left = {
  ...dom0,
  [memory]: fileOf('[{"ip":"2001:db8:1::60","uplink":"eth0"}]'),
  [hook]: own,
  [addresses]: own,
  'routes:6': {
    entries: parseRoutes('2001:db8:1::60 dev vif3.0 metric 1024\n', 6),
    fingerprint: '',
  },
  proxies: [
    { ip: '2001:db8:1::60', dev: 'eth0' },
    { ip: '2001:db8:1::99', dev: 'eth0' },
  ],
};
const goes = [
  { kind: 'remove', path: '/etc/xen/scripts/vif-post.d/50-xpush-ipv6.hook' },
  { kind: 'remove', path: '/etc/xen/xpush-ipv6' },
  { kind: 'routing', family: 6 },
];
const operationsOf = (plan: Plan | Refusal | undefined): readonly string[] =>
  plan === undefined || 'refusal' in plan
    ? []
    : plan.changes.flatMap((one) =>
        one.kind === 'routing' ? one.operations.map(routingWords) : [],
      );

describe('vif_routes', () => {
  test('routes what runs, and writes what the hook needs for the rest', () => {
    const { first, second } = planTwice(bind(vifRoutes, 'xen6'), dom0);

    expect(operationsOf(first)).toEqual([
      'route replace 2001:db8:1::60/128 dev vif3.0 table 254',
      'neigh add proxy 2001:db8:1::60 dev eth0',
    ]);
    expect(first).toMatchObject({
      changes: [
        { kind: 'routing', family: 6 },
        {
          path: '/etc/xen/xpush-ipv6',
          effect: 'boot',
          content: expect.stringContaining(
            'de:ad:be:ef:06:01 eth0 2001:db8:1::61 2001:db8:1::62\n',
          ),
        },
        { kind: 'directory', path: '/etc/xen/scripts/vif-post.d' },
        { path: '/etc/xen/scripts/vif-post.d/50-xpush-ipv6.hook', mode: 0o755 },
      ],
      upkeep: [{ kind: 'directory' }, { content: '[{"ip":"2001:db8:1::60","uplink":"eth0"}]\n' }],
    });
    expect(second).toMatchObject({ changes: [], upkeep: [] });
  });

  test('asks nobody what runs, changes nothing and wants no hooks where no guest has IPv6', () => {
    const bound = bind(vifRoutes, 'xen1');

    expect(bound.queries.map(({ kind }) => kind)).not.toContain('domains');
    expect(planTwice(bound, { proxies: null }).first).toEqual({
      changes: [],
      upkeep: [],
      message: 'no guest of it has IPv6 behind vif-route',
    });
  });

  test('takes back what it made when the last guest with IPv6 leaves', () => {
    const { first, second } = planTwice(bind(vifRoutes, 'xen2'), left);

    expect(first).toMatchObject({ changes: goes, upkeep: [{ kind: 'remove' }] });
    expect(operationsOf(first)).toEqual([
      'route del 2001:db8:1::60/128 dev vif3.0 metric 1024 table 254',
      'neigh del proxy 2001:db8:1::60 dev eth0',
    ]);
    expect(second).toMatchObject({ changes: [], upkeep: [] });
  });

  test('goes with xpush, but for files that are not its own', () => {
    const bound = bind(vifRoutes, 'xen6');

    expect(bound.leave?.(stateFor(bound, left))).toMatchObject({ changes: goes });
    const theirs = { ...left, [hook]: fileOf('#!/bin/sh\n'), [addresses]: fileOf('mine\n') };
    expect(bound.leave?.(stateFor(bound, theirs))).toMatchObject({ changes: goes.slice(2) });
  });

  test.each([
    [
      'without hooks',
      { 'file:/etc/xen/scripts/vif-route': fileOf('success\n') },
      '/etc/xen/scripts/vif-route runs no hooks in /etc/xen/scripts/vif-post.d: IPv6 would be gone when a guest next starts',
    ],
    [
      'without vif-route',
      { 'file:/etc/xen/scripts/vif-route': { type: 'absent' } },
      'there is no /etc/xen/scripts/vif-route that could bring the routes at boot',
    ],
    [
      'whose uplink is another',
      { interfaces: [] },
      'there is no interface eth0 to answer for 2001:db8:1::60 on',
    ],
    ['with busybox alone', { proxies: null }, "busybox's ip knows no proxy neighbours"],
  ])('refuses a dom0 %s', (_, answers, refusal) => {
    expect(planTwice(bind(vifRoutes, 'xen6'), { ...dom0, ...answers }).first).toMatchObject({
      refusal,
    });
  });
});
