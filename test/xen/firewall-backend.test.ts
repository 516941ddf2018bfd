import { describe, expect, test } from 'vitest';
import type {
  ChainsState,
  FirewallBackend,
  FirewallFacts,
  NftState,
} from '../../src/host/query.ts';
import { chooseBackend } from '../../src/xen/firewall-backend.ts';

const live: ChainsState = {
  ...{ listed: [], chains: new Map(), policies: new Map(), spelled: new Map() },
  ...{ problem: null, fingerprint: 'x' },
};
const native: NftState = { bases: [], chains: [], spelled: [], problem: null, fingerprint: 'x' };

interface Host {
  /** Rules, and those of them that decide on what is forwarded; absent: not installed. */
  readonly holds: Partial<Record<FirewallBackend, readonly [rules: number, forwarding: number]>>;
  readonly iptables: FirewallFacts['iptables'];
  readonly persistence?: FirewallFacts['persistence'];
}

function factsOf({ holds, iptables, persistence = [] }: Host): FirewallFacts {
  const of = (name: FirewallBackend) => {
    const [rules = 0, forwarding = 0] = holds[name] ?? [];
    return { isInstalled: name in holds, rules, forwarding };
  };
  return {
    backends: {
      'iptables-nft': of('iptables-nft'),
      'iptables-legacy': of('iptables-legacy'),
      nftables: of('nftables'),
    },
    ...{ iptables, persistence },
  };
}

const choose = (host: Host, wanted: 'auto' | 'iptables' | 'nftables' = 'auto') =>
  chooseBackend(wanted, { facts: factsOf(host), live: [live, live], native });

describe('chooseBackend', () => {
  const both = { 'iptables-nft': [0, 0], 'iptables-legacy': [0, 0], nftables: [0, 0] } as const;

  test.each<[string, Host, FirewallBackend]>([
    ['what iptables is', { holds: both, iptables: 'iptables-nft' }, 'iptables-nft'],
    ['what iptables is', { holds: both, iptables: 'iptables-legacy' }, 'iptables-legacy'],
    ['nft where it is alone', { holds: { nftables: [0, 0] }, iptables: null }, 'nftables'],
    [
      'native rules that decide',
      { holds: { ...both, nftables: [3, 1] }, iptables: 'iptables-nft' },
      'nftables',
    ],
    [
      'native rules that a service loads',
      {
        holds: { ...both, nftables: [3, 0] },
        iptables: 'iptables-nft',
        persistence: ['nftables.service'],
      },
      'nftables',
    ],
    [
      'iptables beside native rules of others that do not last',
      { holds: { ...both, nftables: [3, 0] }, iptables: 'iptables-nft' },
      'iptables-nft',
    ],
    [
      'iptables that holds rules, whatever nftables.service loads',
      {
        holds: { ...both, 'iptables-nft': [5, 1], nftables: [3, 0] },
        iptables: 'iptables-nft',
        persistence: ['nftables.service'],
      },
      'iptables-nft',
    ],
  ])('takes %s', (_, host, backend) => {
    expect(choose(host)).toEqual({ backend });
  });

  test('does as it is told', () => {
    expect(choose({ holds: both, iptables: 'iptables-nft' }, 'nftables')).toEqual({
      backend: 'nftables',
    });
    expect(
      choose({ holds: { ...both, nftables: [3, 1] }, iptables: 'iptables-legacy' }, 'iptables'),
    ).toEqual({ backend: 'iptables-legacy' });
  });

  test('refuses what is not installed', () => {
    const iptablesOnly: Host = {
      holds: { 'iptables-legacy': [0, 0] },
      iptables: 'iptables-legacy',
    };

    expect(choose({ holds: {}, iptables: null })).toMatchObject({
      refusal: 'iptables is not installed (looked for iptables-save)',
      hint: 'install iptables or nftables',
      isLack: true,
    });
    expect(choose({ holds: { nftables: [0, 0] }, iptables: null }, 'iptables')).toMatchObject({
      hint: 'install iptables',
    });
    expect(choose(iptablesOnly, 'nftables')).toMatchObject({
      refusal: "nftables is not installed (looked for 'nft')",
      isLack: true,
    });
  });

  test('refuses iptables that cannot list its rules', () => {
    const problem = 'iptables is not installed (looked for iptables-save)';

    const seen = { facts: factsOf({ holds: both, iptables: 'iptables-nft' }), native };
    expect(chooseBackend('auto', { ...seen, live: [{ ...live, problem }, live] })).toEqual({
      refusal: problem,
      hint: 'install iptables',
      isLack: true,
    });
  });

  test('refuses two that hold rules, whichever it would take', () => {
    const legacyToo: Host = {
      holds: { ...both, 'iptables-legacy': [2, 1] },
      iptables: 'iptables-nft',
    };

    expect(choose(legacyToo)).toMatchObject({
      refusal: 'iptables-legacy holds 2 rules beside iptables-nft: a packet must pass both',
    });
    expect(choose(legacyToo, 'nftables')).toMatchObject({
      refusal: 'iptables-legacy holds 2 rules beside nftables: a packet must pass both',
      hint: expect.stringContaining('iptables-restore-translate'),
    });
  });

  test('does not mind legacy rules beside native ones that forward nothing', () => {
    const host: Host = { holds: { ...both, 'iptables-legacy': [2, 0] }, iptables: 'iptables-nft' };

    expect(choose(host, 'nftables')).toEqual({ backend: 'nftables' });
  });
});
