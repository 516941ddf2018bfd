import { describe, expect, test } from 'vitest';
import type { NftBaseChain } from '../../src/host/query.ts';
import {
  closingPolicies,
  dropOf,
  iptablesDrops,
  nftDrops,
} from '../../src/verify/foreign-drops.ts';
import { second } from './known.ts';

const nothing = {
  listed: [],
  policies: new Map(),
  spelled: new Map(),
  problem: null,
  fingerprint: null,
};
const iptables = (rule: string, chain = 'FORWARD') =>
  iptablesDrops({ ...nothing, chains: new Map([[chain, [rule]]]) });

const base: NftBaseChain = {
  ...{ family: 'inet', table: 'filter', chain: 'forward', rules: [], hook: 'forward' },
  ...{ policy: 'accept', priority: 'filter', isOfIptables: false, isOwned: false },
};
const nft = (rule: string, more: Partial<NftBaseChain> = {}) =>
  nftDrops({
    ...{ bases: [{ ...base, rules: [rule], ...more }], chains: [], spelled: [] },
    ...{ problem: null, fingerprint: null },
  });

/** Of 192.168.0.201, tcp 80 and 443. */
const blamed = (drops: ReturnType<typeof iptables>) => dropOf(second, [80, 443], drops) !== null;

describe('iptablesDrops', () => {
  test.each<[string, boolean]>([
    ['-d 192.168.0.201/32 -j DROP', true],
    ['-d 192.168.0.201/32 -p tcp -m tcp --dport 80 -j DROP', true],
    ['-d 192.168.0.0/24 -p tcp -m multiport --dports 25,400:500 -j DROP', true],
    ['-s 192.168.0.0/24 -i vif+ -j REJECT --reject-with icmp-port-unreachable', true],
    ['-s 192.168.0.201/32 -p tcp -m tcp --sport 443 -j DROP', true],
    ['-j DROP', true],
    ['-m conntrack --ctstate NEW -j DROP', true],
    ['-d 192.168.0.201/32 -p tcp -m tcp --dport 25 -j DROP', false],
    ['-s 192.168.0.201/32 -p tcp -m tcp --dport 80 -j DROP', false],
    ['-d 192.168.0.201/32 -p udp -j DROP', false],
    ['-d 192.168.0.202/32 -j DROP', false],
    ['-s 10.0.0.0/8 -d 192.168.1.0/24 -j DROP', false],
    ['! -s 192.168.0.0/24 -i vif1.0 -j DROP', false],
    ['-m conntrack --ctstate INVALID -j DROP', false],
    ['-d 192.168.0.201/32 -j ACCEPT', false],
    ['-d 192.168.0.201/32 -j XPUSH-DROP', false],
  ])('%s: %s', (rule, wanted) => {
    expect(blamed(iptables(rule))).toBe(wanted);
    expect(blamed(iptables(rule, 'raw/PREROUTING'))).toBe(wanted);
    expect(blamed(iptables(rule, 'XPUSH-FWD'))).toBe(false);
  });
});

describe('nftDrops', () => {
  test.each<[string, boolean]>([
    ['ip daddr 192.168.0.201 drop', true],
    ['ip daddr { 10.0.0.1, 192.168.0.0/24 } tcp dport { 22, 80-90 } counter drop', true],
    ['ct state new reject with icmp port-unreachable', true],
    ['ip saddr 192.168.0.201 tcp sport 443 drop', true],
    ['ip daddr 192.168.0.202 drop', false],
    ['ip daddr 192.168.0.201 tcp dport 25 drop', false],
    ['ip daddr 192.168.0.201 udp dport 80 drop', false],
    ['ip daddr != 192.168.0.202 drop', false],
    ['ct state invalid drop', false],
    ['ip daddr 192.168.0.201 accept', false],
  ])('%s: %s', (rule, wanted) => {
    expect(blamed(nft(rule))).toBe(wanted);
    expect(blamed(nft(rule, { isOfIptables: true }))).toBe(false);
  });
});

describe('closingPolicies', () => {
  test('are those of FORWARD that drop', () => {
    const state = (policy: string) => ({
      ...{ ...nothing, chains: new Map() },
      policies: new Map([['FORWARD', policy]]),
    });

    expect(closingPolicies({ 4: state('ACCEPT'), 6: state('DROP') })).toEqual([6]);
  });
});
