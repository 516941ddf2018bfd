import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NftBaseChain } from '../../src/host/query.ts';
import { firewallModels } from '../../src/xen/firewall-model.ts';
import { nftFirewall } from '../../src/xen/nft-firewall.ts';
import { nftPlan, nftRemoval } from '../../src/xen/nft-plan.ts';
import { byText } from '../host/networks.ts';
import { hasTool, isRoot } from '../host/shells.ts';
import { runs } from '../runs.ts';
import { allowed, guest, lan, mail, single, vif, webserv, xen1 } from './fleet.ts';
import { NativeHost } from './native-host.ts';
import { type Firewall, someFirewall } from './some-firewalls.ts';

const isAble = isRoot && hasTool('nft');
if (!isAble) process.stderr.write(`skipped: nft (root: ${isRoot})\n`);

/** As Debian's nftables.conf, closed by hand. */
const closedInet = `
table inet filter {
  set blocked { type ipv4_addr; flags interval; elements = { 10.0.0.0/8 } }
  chain input { type filter hook input priority 0; policy drop; iif lo accept; }
  chain forward {
    type filter hook forward priority 0; policy drop;
    ip saddr @blocked counter drop comment "jump XPUSH-FWD"
    jump { tcp dport { 1, 2 } return; }
  }
  chain output { type filter hook output priority 0; }
}
table ip nat { chain postrouting { type nat hook postrouting priority 100; oifname "eth0" masquerade; }; }`;
const emptyInet = `
table inet filter {
  chain input { type filter hook input priority 0; }
  chain forward { type filter hook forward priority 0; }
}`;
const twoFamilies = `
table ip filter { chain FWD { type filter hook forward priority 0; policy drop; tcp dport 9 accept; }; }
table ip6 six { chain fwd6 { type filter hook forward priority 5; udp dport 9 drop; }; }`;
const several = `
table ip a { chain forward { type filter hook forward priority -10; tcp dport 9 drop; }; }
table inet b { chain forward { type filter hook forward priority 0; }; }
table inet c { chain forward { type filter hook forward priority 10; policy drop; }; }`;
const rulesets = [
  ['an empty ruleset', ''],
  ['a closed one', closedInet],
  ['an open one', emptyInet],
  ['one of each family', twoFamilies],
  ['several', several],
] as const;

const smallest: Firewall = { dom0: xen1, guests: [webserv, mail] };
const withPolicy = (firewall: Firewall, policy: 'leave' | 'drop'): Firewall => ({
  ...firewall,
  dom0: { ...firewall.dom0, firewall: { ...firewall.dom0.firewall, policy } },
});
const dual: Firewall = {
  dom0: { ...xen1, antispoof: true },
  guests: [guest('dual', [vif(0, lan, ['192.168.0.200', '2001:db8::200'])], [])],
};
const nothing = { load: null, upkeep: null };

/** A ruleset's text without what is ours. */
function foreignPart(ruleset: string): string {
  return ruleset
    .replace(/^table inet xpush \{\n(?:\t[^\n]*\n|\n)*\}\n?/m, '')
    .replace(/^\tchain XPUSH-\w+ \{\n(?:\t\t[^\n]*\n)*\t\}\n\n?/gm, '')
    .replace(/^\t\t(?:jump XPUSH-FWD|(?:meta nfproto ipv[46] )?drop comment "xpush")\n/gm, '')
    .replace(/\n+(?=[}\n])/g, '\n')
    .trim();
}

describe.runIf(isAble)('nftPlan', () => {
  test.each(rulesets)(
    'converges in one transaction, says what it will come to, and touches nothing of others: in %s',
    async (_, ruleset) => {
      await using host = new NativeHost();
      await host.nft(ruleset);
      const others = foreignPart(await host.ruleset());
      await fc.assert(
        // from whatever the firewall before has left
        fc.asyncProperty(someFirewall, async (firewall) => {
          const { load } = await host.push(firewall, '192.168.0.10');

          const native = nftFirewall(firewallModels(firewall.dom0, firewall.guests));
          const live = await host.look(native);
          expect(nftPlan(native, live, new Map())).toEqual(nothing);
          expect(foreignPart(await host.ruleset())).toBe(others);
          expect(live.spelled).toEqual([]);
          if (load !== null) {
            expect(byText(live.bases)).toEqual(byText(load.after.bases));
            expect(byText(live.chains)).toEqual(byText(load.after.chains));
          }
        }),
        { numRuns: runs(40), endOnFailure: true },
      );

      const removal = nftRemoval(await host.look(nftFirewall([])));
      await host.shell.act(...(removal === null ? [] : [removal]));
      expect(await host.ruleset()).not.toMatch(/chain XPUSH|\tjump XPUSH|table inet xpush/);
      expect(foreignPart(await host.ruleset())).toBe(others);
      expect(nftRemoval(await host.look(nftFirewall([])))).toBeNull();
    },
  );

  test('makes a table of its own where nobody filters what is forwarded', async () => {
    await using host = new NativeHost();
    await host.nft('table inet filter { chain input { type filter hook input priority 0; }; }');

    await host.push(dual);

    expect(await host.rules('inet xpush forward')).toEqual(['jump XPUSH-FWD']);
    expect(await host.rules('inet xpush prerouting')).toEqual(['jump XPUSH-SPOOF']);
    expect(await host.ruleset()).toMatch(/hook forward priority filter; policy accept;/);
    expect(await host.ruleset()).toMatch(/hook prerouting priority raw; policy accept;/);
  });

  test('goes first into the chain of others that drops, and not into one that does not', async () => {
    await using host = new NativeHost();
    await host.nft(several);

    await host.push(smallest);

    expect(await host.rules('ip a forward')).toEqual(['jump XPUSH-FWD', 'tcp dport 9 drop']);
    expect(await host.rules('inet c forward')).toEqual(['jump XPUSH-FWD']);
    expect(await host.rules('inet b forward')).toEqual([]);
    expect(await host.ruleset()).not.toContain('table inet xpush');
  });

  test('moves out of its own table when somebody begins to filter, and back', async () => {
    await using host = new NativeHost();
    await host.push(smallest);
    await host.nft(emptyInet);

    await host.push(smallest);
    expect(await host.ruleset()).not.toContain('table inet xpush');
    expect(await host.rules('inet filter forward')).toEqual(['jump XPUSH-FWD']);

    await host.nft('delete table inet filter');
    await host.push(smallest);
    expect(await host.rules('inet xpush forward')).toEqual(['jump XPUSH-FWD']);
  });

  test('has a table of its own for the family that nobody filters', async () => {
    await using host = new NativeHost();
    await host.nft('table ip f { chain c { type filter hook forward priority 0; policy drop; }; }');

    await host.push(withPolicy(dual, 'drop'));

    expect(await host.rules('ip f c')).toEqual(['jump XPUSH-FWD']);
    expect(await host.rules('inet xpush forward')).toEqual([
      'jump XPUSH-FWD',
      'meta nfproto ipv6 drop comment "xpush"',
    ]);
  });

  test('closes by a last rule, of the family that it is about, and opens again', async () => {
    await using host = new NativeHost();
    await host.nft(`${emptyInet}\nadd rule inet filter forward tcp dport 9 accept`);

    await host.push(withPolicy(smallest, 'drop'));
    expect(await host.rules('inet filter forward')).toEqual([
      'jump XPUSH-FWD',
      'tcp dport 9 accept',
      'meta nfproto ipv4 drop comment "xpush"',
    ]);
    await host.push(withPolicy(dual, 'drop'));
    expect(await host.rules('inet filter forward')).toEqual([
      'jump XPUSH-FWD',
      'tcp dport 9 accept',
      'drop comment "xpush"',
    ]);
    await host.nft('add rule inet filter forward tcp dport 10 accept');
    await host.push(withPolicy(dual, 'drop'));
    expect((await host.rules('inet filter forward')).at(-1)).toBe('drop comment "xpush"');
    await host.push(dual);
    expect(await host.rules('inet filter forward')).toEqual([
      'jump XPUSH-FWD',
      'tcp dport 9 accept',
      'tcp dport 10 accept',
    ]);
  });

  test.each([
    ['a rule of ours is gone', 'flush chain inet filter XPUSH-FWD'],
    ['a rule is more', 'insert rule inet filter XPUSH-FWD accept'],
    ['another rule comes before the jump', 'insert rule inet filter forward tcp dport 5 accept'],
    ['the jump is there twice', 'add rule inet filter forward jump XPUSH-FWD'],
    ['the jump is gone', 'flush chain inet filter forward'],
    ['a chain of ours is where none belongs', 'add chain ip nat XPUSH-OUT'],
    ['our table has a rule more', 'insert rule inet xpush prerouting accept'],
    ['our table drops', 'add chain inet xpush prerouting { policy drop; }'],
    [
      'our table is hooked elsewhere',
      `delete table inet xpush
       add table inet xpush
       add chain inet xpush prerouting { type filter hook prerouting priority 5; }`,
    ],
    ['our table is gone', 'delete table inet xpush'],
    [
      'our table has a base chain more',
      'add chain inet xpush x { type filter hook forward priority 0; policy drop; }',
    ],
  ])('repairs in one transaction what has drifted: %s', async (_, drift) => {
    await using host = new NativeHost();
    await host.nft(closedInet);
    await host.push(dual);
    await host.push(dual);
    const good = (await host.ruleset()).split('\n').sort();

    await host.nft(drift);
    const { load } = await host.push(dual);

    expect(load).not.toBeNull();
    const kept = drift.includes('dport 5') ? ['\t\ttcp dport 5 accept'] : [];
    const lost =
      drift === 'flush chain inet filter forward'
        ? /blocked counter|jump \{|tcp dport \{ 1, 2|^\t\t\}$/
        : /^$/;
    const lines = good.filter((line) => !lost.test(line) || line === '');
    expect((await host.ruleset()).split('\n').sort()).toEqual([...lines, ...kept].sort());
    expect(await host.plan(dual)).toEqual(nothing);
  });

  test('lets another operator in without a difference, once, and remembers the first', async () => {
    await using host = new NativeHost();
    await host.push(smallest, '192.168.0.10');

    const { load, upkeep } = await host.push(smallest, '192.168.0.11');

    expect(load).toBeNull();
    expect(upkeep?.script).toMatch(/^add rule inet xpush XPUSH-KEEP [^\n]*\n$/);
    const targets = '{ 192.168.0.200, 192.168.0.201, 192.168.0.202 } tcp dport 22 accept';
    expect(await host.rules('inet xpush XPUSH-KEEP')).toEqual([
      `ip saddr 192.168.0.10 ip daddr ${targets}`,
      `ip saddr 192.168.0.11 ip daddr ${targets}`,
    ]);
    expect(await host.plan(smallest, '192.168.0.10')).toEqual(nothing);
    // nor does a new guest make anything but the rule for it
    const more = guest(
      'more',
      [vif(0, lan, ['192.168.0.230'])],
      [allowed({ ports: [single(80)] })],
    );
    await host.push({ ...smallest, guests: [...smallest.guests, more] }, '192.168.0.10');
    expect((await host.rules('inet xpush XPUSH-KEEP')).at(-1)).toBe(
      'ip saddr 192.168.0.10 ip daddr 192.168.0.230 tcp dport 22 accept',
    );
  });

  test('takes XPUSH-KEEP away once the inventory names the admin network', async () => {
    await using host = new NativeHost();
    await host.push(smallest, '192.168.0.10');
    const admin = ['192.168.0.0/29'];
    const named = { ...xen1, firewall: { ...xen1.firewall, admin } };

    await host.push({ ...smallest, dom0: named }, '192.168.0.10');

    expect(await host.ruleset()).not.toContain('XPUSH-KEEP');
  });

  test.each([
    [
      'iptables-nft filters too',
      'table ip filter { chain FORWARD { type filter hook forward priority 0; policy drop; }; }',
      /iptables-nft has rules of its own in table ip filter: .* \(set firewall: \{ backend: iptables \}/,
    ],
    [
      'iptables-nft has a rule of somebody',
      'table ip filter { chain FORWARD { type filter hook forward priority 0; tcp dport 1 drop; }; }',
      /iptables-nft has rules/,
    ],
  ])('refuses where %s', async (_, ruleset, message) => {
    await using host = new NativeHost();
    await host.nft(ruleset);

    await expect(host.plan(smallest)).rejects.toThrow(message);
  });

  test('does not mind an iptables-nft that is open, or jumps to our former chains', async () => {
    await using host = new NativeHost();
    await host.nft(`table ip filter {
      chain XPUSH-FWD { drop; }
      chain FORWARD { type filter hook forward priority 0; counter jump XPUSH-FWD; }
    }`);

    expect((await host.plan(smallest)).load).not.toBeNull();
  });

  test('refuses a table that belongs to a running program, and names that nft does not take', async () => {
    const firewall = nftFirewall(firewallModels(xen1, [webserv]));
    await using host = new NativeHost();
    const live = await host.look(firewall);
    const base: NftBaseChain = {
      ...{ family: 'inet', table: 'firewalld', chain: 'filter_FORWARD', hook: 'forward' },
      ...{ priority: 'filter + 10', policy: 'accept', rules: ['reject'] },
      ...{ isOfIptables: false, isOwned: true },
    };
    const plan = (one: NftBaseChain) => nftPlan(firewall, { ...live, bases: [one] }, new Map());

    expect(plan(base)).toMatchObject({ refusal: expect.stringContaining('running program') });
    expect(plan({ ...base, isOwned: false })).toMatchObject({ upkeep: null });
    expect(plan({ ...base, isOwned: false, chain: 'a;b' })).toMatchObject({
      refusal: expect.stringContaining('a name that nft itself does not take'),
    });
    expect(nftPlan(firewall, { ...live, problem: 'no nft' }, new Map())).toMatchObject({
      refusal: 'no nft',
    });
  });
});
