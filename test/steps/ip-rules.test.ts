import { describe, expect, test } from 'vitest';
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
});
