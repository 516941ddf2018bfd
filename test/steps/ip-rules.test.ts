import { describe, expect, test } from 'vitest';
import { parseRoutes } from '../../src/host/routes-text.ts';
import { parseRules } from '../../src/host/rules-text.ts';
import { ipRules } from '../../src/steps/ip-rules.ts';
import { bind, planTwice, stateFor } from './observed.ts';

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
    const state = stateFor(bound, {}).with(new Map([['rules', { failure: 'no ip here' }]]));

    expect(bound.plan(state)).toEqual({ refusal: 'no ip here', hint: null });
  });

  test('gives up at once on a host that claims to have no end of rules or routes', () => {
    const bound = bind(ipRules, 'webserv');
    const interfaces = [
      { name: 'eth0', mac: 'de:ad:be:ef:00:00', isUp: true, addresses: [] },
      { name: 'eth1', mac: 'de:ad:be:ef:00:01', isUp: true, addresses: [] },
    ];
    const rules = parseRules('1000: from all lookup 1\n1000: from all lookup 16\n'.repeat(100_000));
    const routes = parseRoutes('10.0.0.0/8 dev eth0 table 16\n'.repeat(100_000));
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
});
