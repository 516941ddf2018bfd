import { describe, expect, test } from 'vitest';
import { dropOf } from '../../src/verify/firewall-cause.ts';
import { second } from './known.ts';

describe('dropOf', () => {
  test.each<[string, boolean]>([
    ['FORWARD: -d 192.168.0.201/32 -j DROP', true],
    ['FORWARD: -s 192.168.0.0/24 -i vif+ -j REJECT --reject-with icmp-port-unreachable', true],
    ['FORWARD: -j DROP', true],
    ['FORWARD: -d 192.168.0.202/32 -j DROP', false],
    ['FORWARD: -s 10.0.0.0/8 -d 192.168.1.0/24 -j DROP', false],
    ['FORWARD: ! -s 192.168.0.0/24 -i vif1.0 -j DROP', false],
    ['FORWARD: -m conntrack --ctstate INVALID -j DROP', false],
  ])('%s: %s', (rule, wanted) => {
    const found = dropOf(second, { isAsDescribed: true, foreignDrops: [rule] });

    expect(found).toBe(wanted ? rule : null);
  });
});
