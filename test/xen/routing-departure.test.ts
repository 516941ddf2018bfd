import { describe, expect, test } from 'vitest';
import { routingWords } from '../../src/host/routing-words.ts';
import { planDeparture } from '../../src/xen/routing-departure.ts';
import { webserv } from './fleet.ts';
import { kernelRules, route, rule } from './routing-states.ts';

describe('planDeparture', () => {
  test('takes rules before what they look into, and nothing of others', () => {
    const rules = [
      ...kernelRules,
      rule(900, '192.168.0.200/32', 100),
      rule(1000, '192.168.0.200/32', 16),
      rule(1000, '192.0.2.1/32', 40),
    ];
    const routes = [
      route(16, '0.0.0.0/0', { via: '192.168.0.1', dev: 'eth0' }),
      route(40, '0.0.0.0/0', { via: '192.168.0.1', dev: 'eth0' }),
      route(100, '0.0.0.0/0', { via: '192.168.0.9', dev: 'eth0' }),
      route(254, '0.0.0.0/0', { via: '192.168.0.1', dev: 'eth0' }),
    ];

    expect(planDeparture(webserv, { rules, routes }, [40]).map(routingWords)).toEqual([
      'rule del from 192.168.0.200/32 priority 1000 table 16',
      'rule del from 192.0.2.1/32 priority 1000 table 40',
      'route del 0.0.0.0/0 via 192.168.0.1 dev eth0 table 16',
      'route del 0.0.0.0/0 via 192.168.0.1 dev eth0 table 40',
    ]);
  });

  test('has nothing to do where nothing of ours is', () => {
    expect(planDeparture(webserv, { rules: kernelRules, routes: [] }, [])).toEqual([]);
  });
});
