import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChainsState } from '../../src/host/query.ts';
import { chainsAfter } from '../../src/host/state.ts';
import { iptablesChains, iptablesFirewall } from '../../src/xen/firewall.ts';
import { firewallModel } from '../../src/xen/firewall-model.ts';
import { hasForeignForward, iptablesPlan, iptablesRemoval } from '../../src/xen/firewall-swap.ts';
import { runs } from '../runs.ts';
import { guest, lan, vif, webserv, xen1 } from './fleet.ts';

fc.configureGlobal({ numRuns: runs() });

const built = ['FORWARD', 'raw/PREROUTING'];
const ours = iptablesChains.filter((name) => !built.includes(name));

/** Rules that others could have, some of which look like ours. */
const foreign = fc.constantFrom(
  '-s 10.0.0.0/8 -j DROP',
  '-j DOCKER-USER',
  '-i eth0 -j XPUSH-FWD',
  '-j XPUSH-FORWARD',
  '-p icmp -j ACCEPT',
);
const jumps = fc.constantFrom('-j XPUSH-FWD', '-j XPUSH-SPOOF', '-j XPUSH-OUT');

/** The wanted rules of a chain, some of them gone, moved or doubled, others among them. */
const drifted = (rules: readonly string[]): fc.Arbitrary<readonly string[]> =>
  fc.oneof(
    fc.constant(rules),
    fc.array(rules.length > 0 ? fc.oneof(fc.constantFrom(...rules), foreign) : foreign, {
      maxLength: rules.length + 3,
    }),
  );

const guests = [
  webserv,
  guest('dual', [{ ...vif(0, lan, ['192.168.0.9', '2001:db8::9']), vifname: 'dual0' }], []),
];

const settings = fc.record({
  antispoof: fc.boolean(),
  policy: fc.constantFrom('leave', 'drop'),
  log: fc.constantFrom(null, '5/minute'),
  admin: fc.constantFrom(null, ['10.0.0.0/8', '2001:db8::/32']),
  family: fc.constantFrom(4, 6),
});

/** What is described, and some state of the host that it may be met in. */
const situation = settings.chain(({ antispoof, family, ...firewall }) => {
  const dom0 = { ...xen1, antispoof, firewall: { ...xen1.firewall, ...firewall } };
  const desired = iptablesFirewall(firewallModel(dom0, guests, family));
  const own = ours.map((name) =>
    fc.option(
      drifted(desired.chains.get(name) ?? []).map((rules) => [name, rules] as const),
      { nil: undefined },
    ),
  );
  const entered = built.map((name) =>
    fc.array(fc.oneof(foreign, jumps), { maxLength: 5 }).map((rules) => [name, rules] as const),
  );
  return fc.record({
    desired: fc.constant(desired),
    live: fc
      .record({
        chains: fc.tuple(...own, ...entered),
        policy: fc.constantFrom('ACCEPT', 'DROP'),
        isSpelled: fc.boolean(),
      })
      .map(
        ({ chains, policy, isSpelled }): ChainsState => ({
          listed: iptablesChains,
          chains: new Map(chains.filter((chain) => chain !== undefined)),
          policies: new Map([['FORWARD', policy]]),
          spelled: new Map(isSpelled ? [['XPUSH-FWD', ['-j LOOKS-OTHERWISE']]] : []),
          problem: null,
          fingerprint: 'x',
        }),
      ),
    keep: fc.constantFrom<readonly string[]>([], ['-s 10.1.1.1/32 -d 192.168.0.9/32 -j ACCEPT']),
    isClosed: fc.boolean(),
  });
});

const isOurJump = (rule: string): boolean =>
  ours.some((name) => rule === `-j ${name.replace('raw/', '')}`);

describe('iptablesPlan', () => {
  test('makes any state the described one, keeps what is foreign, and then plans nothing', () => {
    fc.assert(
      fc.property(situation, ({ desired, live, keep, isClosed }) => {
        const plan = iptablesPlan(desired, live, keep, isClosed);
        const change = plan.swap ?? plan.upkeep;
        const after = change === null ? live : chainsAfter(change, live);

        for (const [name, rules] of desired.chains) expect(after.chains.get(name)).toEqual(rules);
        for (const { from, to } of desired.jumps) {
          const target = `-j ${to.replace('raw/', '')}`;
          expect(after.chains.get(from)?.indexOf(target)).toBe(0);
          expect(after.chains.get(from)?.lastIndexOf(target)).toBe(0);
        }
        for (const name of built) {
          const others = (state: ChainsState) =>
            state.chains.get(name)?.filter((rule) => !isOurJump(rule));
          expect(others(after)).toEqual(others(live));
        }
        const extra = [...after.chains.keys()].filter(
          (name) => !built.includes(name) && !desired.chains.has(name),
        );
        expect(extra).toEqual(desired.needsKeep ? ['XPUSH-KEEP'] : []);
        const had = live.chains.get('XPUSH-KEEP') ?? [];
        if (desired.needsKeep) expect(after.chains.get('XPUSH-KEEP')).toEqual([...had, ...keep]);
        const wanted = desired.policies.get('FORWARD');
        expect(after.policies.get('FORWARD')).toBe(
          wanted ?? (isClosed ? 'ACCEPT' : live.policies.get('FORWARD')),
        );
        expect(iptablesPlan(desired, after, [], false)).toEqual({ swap: null, upkeep: null });
      }),
    );
  });

  test('takes what the host spells otherwise for the same, word for word', () => {
    const desired = iptablesFirewall(firewallModel(xen1, guests, 4));
    const empty: ChainsState = {
      listed: iptablesChains,
      chains: new Map(built.map((name) => [name, []])),
      policies: new Map([['FORWARD', 'ACCEPT']]),
      spelled: new Map(),
      problem: null,
      fingerprint: 'x',
    };
    const { swap } = iptablesPlan(desired, empty, [], false);
    if (swap === null) throw new Error('nothing to do');
    const done = chainsAfter(swap, empty);
    const rules = desired.chains.get('XPUSH-FWD')?.map((rule) => rule.replaceAll('/32', '')) ?? [];
    const live = { ...done, chains: new Map([...done.chains, ['XPUSH-FWD', rules]]) };
    const spelled = new Map([['XPUSH-FWD', rules]]);

    expect(iptablesPlan(desired, { ...live, spelled }, [], false).swap).toBeNull();
    expect(iptablesPlan(desired, live, [], false).swap).not.toBeNull();
    const other = new Map([['XPUSH-FWD', rules.slice(1)]]);
    expect(iptablesPlan(desired, { ...live, spelled: other }, [], false).swap).not.toBeNull();
  });
});

describe('iptablesRemoval', () => {
  test('leaves what is foreign of any state, and nothing else', () => {
    fc.assert(
      fc.property(situation, ({ live, isClosed }) => {
        const change = iptablesRemoval(4, live, isClosed);
        const after = change === null ? live : chainsAfter(change, live);

        expect([...after.chains.keys()]).toEqual(built);
        for (const name of built) {
          const there = live.chains.get(name) ?? [];
          const gone = change?.removed ?? [];
          expect(after.chains.get(name)).toEqual(
            there.filter(
              (rule) =>
                !gone.some(
                  (own) =>
                    own.startsWith('raw/') === name.startsWith('raw/') &&
                    rule === `-j ${own.replace('raw/', '')}`,
                ),
            ),
          );
        }
        expect(after.policies.get('FORWARD')).toBe(
          isClosed ? 'ACCEPT' : live.policies.get('FORWARD'),
        );
        expect(iptablesRemoval(4, after, false)).toBeNull();
      }),
    );
  });

  test('has nothing to do where iptables cannot be read', () => {
    const live: ChainsState = {
      ...{ listed: [], policies: new Map(), spelled: new Map(), fingerprint: 'x' },
      chains: new Map([['XPUSH-FWD', []]]),
      problem: 'iptables-save failed with status 3',
    };

    expect(iptablesRemoval(4, live, false)).toBeNull();
  });
});

describe('hasForeignForward', () => {
  test.each([
    [['-j XPUSH-FWD'], 'ACCEPT', false],
    [[], 'ACCEPT', false],
    [[], 'DROP', true],
    [['-j XPUSH-FWD', '-j DOCKER'], 'ACCEPT', true],
  ])('says of %j with the policy %s: %s', (rules, policy, isForeign) => {
    const live: ChainsState = {
      ...{ listed: [], spelled: new Map(), problem: null, fingerprint: 'x' },
      chains: new Map([['FORWARD', rules]]),
      policies: new Map([['FORWARD', policy]]),
    };

    expect(hasForeignForward(live)).toBe(isForeign);
  });
});
