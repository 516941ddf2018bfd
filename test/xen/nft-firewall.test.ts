import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NftFamily } from '../../src/host/query.ts';
import { iptablesFirewall } from '../../src/xen/firewall.ts';
import { chains, firewallModel, firewallModels } from '../../src/xen/firewall-model.ts';
import { covers, nftFirewall } from '../../src/xen/nft-firewall.ts';
import { runs } from '../runs.ts';
import { allowed, guest, lan, single, vif, webserv, xen1 } from './fleet.ts';
import { nftVerdict } from './nft-packet-model.ts';
import { verdict } from './packet-model.ts';
import { someFirewall, somePacket } from './some-firewalls.ts';

const tables = ['ip', 'ip6', 'inet'] as const satisfies readonly NftFamily[];

describe('nftFirewall', () => {
  test('decides on every packet as the rules of iptables do, in a table of its family and of both', () => {
    const seen = new Set<string>();
    const packets = fc.oneof(
      ...([4, 6] as const).map((family) =>
        somePacket(family).map((packet) => ({ family, packet })),
      ),
    );
    fc.assert(
      fc.property(someFirewall, fc.array(packets, { minLength: 20 }), ({ dom0, guests }, sent) => {
        const models = firewallModels(dom0, guests);
        const native = nftFirewall(models);
        for (const { family, packet } of sent) {
          const model = models.find((one) => one.family === family);
          if (model === undefined) continue;
          const legacy = iptablesFirewall(model);
          for (const table of tables.filter((one) => covers(one, family))) {
            const rules = native.wanted.find((one) => one.family === table)?.chains ?? new Map();
            const expected = verdict(legacy.chains, chains.forward, packet).toLowerCase();
            seen.add(expected);
            expect(nftVerdict(rules, chains.forward, packet, family)).toBe(expected);
            if (!dom0.antispoof || table !== 'inet') continue;
            const spoof = [...legacy.chains.keys()].find((name) => name.endsWith('SPOOF')) ?? '';
            expect(nftVerdict(rules, chains.spoof, packet, family)).toBe(
              verdict(legacy.chains, spoof, packet).toLowerCase(),
            );
          }
        }
      }),
      { numRuns: runs() },
    );
    expect(seen).toEqual(new Set(['accept', 'drop', 'return']));
  });

  test('says in one rule what is the same for several addresses', () => {
    const { wanted } = nftFirewall([firewallModel(xen1, [webserv], 4)]);

    expect(wanted.find(({ family }) => family === 'ip')?.chains.get(chains.forward)).toEqual([
      'ct state established,related accept',
      'icmp type destination-unreachable icmp code frag-needed accept',
      'jump XPUSH-KEEP',
      'ip saddr { 192.168.0.200, 192.168.0.201, 192.168.0.202 } drop',
      'ip daddr { 192.168.0.200, 192.168.0.201, 192.168.0.202 } tcp sport { 80, 443 } tcp dport { 80, 443 } ct state new accept',
      'ip daddr { 192.168.0.200, 192.168.0.201, 192.168.0.202 } tcp sport 1024-65535 tcp dport { 80, 443 } ct state new accept',
      'ip daddr { 192.168.0.200, 192.168.0.201, 192.168.0.202 } drop',
    ]);
  });

  test('says once for both families what both have, and binds the rest to its own', () => {
    const out = [allowed({ direction: 'out', ports: [single(443)] })];
    const onlySix = [allowed({ direction: 'out', ports: [single(25)], from: ['2001:db8::/64'] })];
    const rules = [...out, { ...allowed({ direction: 'out', proto: 'icmp' }) }, ...onlySix];
    const both = guest('both', [vif(0, lan, ['192.168.0.200', '2001:db8::200'])], []);
    const dom0 = { ...xen1, firewall: { ...xen1.firewall, admin: [], rules } };
    const { wanted } = nftFirewall(firewallModels(dom0, [both]));

    expect(wanted.find(({ family }) => family === 'inet')?.chains).toEqual(
      new Map([
        [
          'XPUSH-FWD',
          [
            'ct state established,related accept',
            'icmp type destination-unreachable icmp code frag-needed accept',
            'ip saddr 192.168.0.200 jump XPUSH-OUT',
            'ip daddr 192.168.0.200 drop',
            'ip saddr 192.168.0.200 accept',
            'icmpv6 type { packet-too-big, nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept',
            'ip6 saddr 2001:db8::200 jump XPUSH-OUT',
            'ip6 daddr 2001:db8::200 drop',
            'ip6 saddr 2001:db8::200 accept',
          ],
        ],
        [
          'XPUSH-OUT',
          [
            'tcp dport 443 ct state new return',
            'meta l4proto icmp ct state new return',
            'meta l4proto ipv6-icmp ct state new return',
            'ip6 saddr 2001:db8::/64 tcp dport 25 ct state new return',
            'drop',
          ],
        ],
      ]),
    );
  });

  test('enters the chain of wrong senders before connection tracking, in a table of both families alone', () => {
    const { hooks, wanted } = nftFirewall(firewallModels({ ...xen1, antispoof: true }, [webserv]));

    expect(hooks.prerouting).toEqual({ entries: ['XPUSH-SPOOF'], chains: ['XPUSH-SPOOF'] });
    const having = wanted.filter(({ chains }) => chains.has('XPUSH-SPOOF'));
    expect(having.map(({ family }) => family)).toEqual(['inet']);
  });

  test('keeps apart what a set would change: what is logged, and what has a rate', () => {
    const dom0 = { ...xen1, firewall: { ...xen1.firewall, log: '5/minute' } };
    const { wanted } = nftFirewall([firewallModel(dom0, [webserv], 4)]);

    expect(wanted[0]?.chains.get(chains.drop)).toEqual([
      'limit rate 5/minute log prefix "xpush closed: "',
      'drop',
    ]);
  });

  test('holds of a comment what nft can hold', () => {
    const comment = `say "hi"\n\u{1f600} ${'x'.repeat(200)}`;
    const one = guest('one', [vif(0, lan, ['192.168.0.200'])], [allowed({ comment })]);
    const { wanted } = nftFirewall([firewallModel(xen1, [one], 4)]);

    const rule = wanted[0]?.chains.get(chains.forward)?.find((text) => text.includes('comment'));
    expect(rule).toMatch(/ accept comment "say 'hi'\?\?\?? x+"$/);
    expect(/comment "(.*)"$/.exec(rule ?? '')?.[1]).toHaveLength(127);
  });
});
