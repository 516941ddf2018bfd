import { describe, expect, test } from 'vitest';
import { type ChainsState, queryKey } from '../../src/host/query.ts';
import type { HostState } from '../../src/host/state.ts';
import type { Dom0Firewall } from '../../src/inventory/model.ts';
import { firewall } from '../../src/steps/firewall.ts';
import type { BoundStep, Plan } from '../../src/steps/step.ts';
import { firewallOf } from './firewall-host.ts';
import { bind, fleet, planTwice, stateFor } from './observed.ts';

const bound = bind(firewall, 'xen1');

/** The same dom0 with other settings. */
function bindWith(settings: Partial<Dom0Firewall>): BoundStep {
  const host = fleet.hosts.get('xen1');
  if (host?.kind !== 'dom0') throw new Error('no xen1');
  const other = { ...host, firewall: { ...host.firewall, ...settings } };
  return firewall.bind({ host: other, inventory: fleet }, {});
}

const closing = bindWith({ policy: 'drop' });

function planOf(step: BoundStep, state: HostState): Plan {
  const plan = step.plan(state);
  if ('refusal' in plan) throw new Error(plan.refusal);
  return plan;
}

const stateAfter = (state: HostState, plan: Plan): HostState =>
  [...plan.changes, ...(plan.upkeep ?? [])].reduce(
    (before: HostState, change) => before.after(change),
    state,
  );

/** The host after an apply. */
function settled(step: BoundStep = bound, state = stateFor(step, {})): HostState {
  return stateAfter(state, planOf(step, state));
}

interface LiveChange {
  readonly policy?: string;
  readonly chains?: (chains: Map<string, readonly string[]>) => void;
}

/** The host with other IPv4 chains than it had. */
function withLive(state: HostState, { policy, chains: edit }: LiveChange): HostState {
  const asked = bound.queries.find((one) => one.kind === 'chains' && one.family === 4);
  if (asked === undefined) throw new Error('the step asks for no chains');
  const seen = state.get(asked);
  if (seen === undefined || !('answer' in seen)) throw new Error('no chains');
  const live = seen.answer as ChainsState;
  const chains = new Map(live.chains);
  edit?.(chains);
  const policies = policy === undefined ? live.policies : new Map([['FORWARD', policy]]);
  return state.with(new Map([[queryKey(asked), { answer: { ...live, chains, policies } }]]));
}

const withChains = (chains: NonNullable<LiveChange['chains']>) => withLive(settled(), { chains });

describe('firewall', () => {
  test('has nothing of its own on a dom0 where nothing is closed, and takes away what was', () => {
    const host = fleet.hosts.get('xen1');
    if (host?.kind !== 'dom0') throw new Error('no xen1');
    const open = firewall.bind({ host: { ...host, domUs: [] }, inventory: fleet }, {});

    expect(planOf(open, stateFor(open, {})).changes).toEqual([]);
    const asked = new Map(
      [...open.queries].flatMap((one) => {
        const seen = settled().get(one);
        return seen === undefined ? [] : [[queryKey(one), seen] as const];
      }),
    );
    const left = stateFor(open, {}).with(asked);
    expect(planOf(open, left).changes).toMatchObject([
      { kind: 'remove', path: '/etc/network/if-pre-up.d/xpush-firewall' },
    ]);
  });

  test('swaps its chains and writes the hook for the boot', () => {
    const { first } = planTwice(bound);

    expect(first).toMatchObject({
      changes: [
        { kind: 'chains', jumps: [{ from: 'FORWARD', to: 'XPUSH-FWD' }] },
        { kind: 'write', effect: 'boot', mode: 0o755 },
      ],
      upkeep: [],
    });
  });

  test('lets another operator in without calling it a change', () => {
    const state = settled().with(
      new Map([['session', { answer: { peer: '192.168.0.99', address: null } }]]),
    );

    const plan = bound.plan(state) as Plan;

    expect(plan.changes).toEqual([]);
    expect(JSON.stringify([...(plan.upkeep ?? [])].map((one) => one.kind))).toBe('["chains"]');
  });

  test.each<[string, (chains: Map<string, readonly string[]>) => void]>([
    [
      'a rule is gone',
      (chains) => chains.set('XPUSH-FWD', (chains.get('XPUSH-FWD') ?? []).slice(1)),
    ],
    ['the chain is gone', (chains) => chains.delete('XPUSH-FWD')],
    ['the jump is gone', (chains) => chains.set('FORWARD', [])],
    [
      'another rule stands before the jump',
      (chains) => chains.set('FORWARD', ['-j ACCEPT', '-j XPUSH-FWD']),
    ],
    [
      'the jump is there twice',
      (chains) => chains.set('FORWARD', ['-j XPUSH-FWD', '-j XPUSH-FWD']),
    ],
    ['the chain for sessions is gone', (chains) => chains.delete('XPUSH-KEEP')],
    ['a chain of ours is left over', (chains) => chains.set('XPUSH-DROP', ['-j DROP'])],
  ])('repairs it in one swap when %s', (_what, drift) => {
    const plan = bound.plan(withChains(drift));

    expect(plan).toMatchObject({ changes: [{ kind: 'chains' }] });
  });

  test('sets a policy that the inventory wants, once what it was before is known', () => {
    const { first, second } = planTwice(closing);

    expect(first).toMatchObject({
      changes: [
        { kind: 'directory', path: '/var/lib/xpush' },
        { path: '/var/lib/xpush/firewall.json', content: '{"closed":["iptables"]}\n' },
        { policies: new Map([['FORWARD', 'DROP']]) },
        { kind: 'write', path: '/etc/network/if-pre-up.d/xpush-firewall' },
      ],
      message: 'FORWARD drops: guests that the inventory does not name are closed',
    });
    expect(second).toMatchObject({ changes: [], upkeep: [] });
    expect(planTwice(bound).first).toMatchObject({ changes: [{ policies: new Map() }, {}] });
  });

  test('gives FORWARD its policy back when the inventory does not want it any more', () => {
    const closed = settled(closing);
    const opened = planOf(bound, closed);

    expect(opened).toMatchObject({
      changes: [
        { kind: 'chains', policies: new Map([['FORWARD', 'ACCEPT']]) },
        { kind: 'write', path: '/etc/network/if-pre-up.d/xpush-firewall' },
      ],
      upkeep: [{ kind: 'remove', path: '/var/lib/xpush/firewall.json' }],
    });
    expect(planOf(bound, stateAfter(closed, opened))).toMatchObject({ changes: [], upkeep: [] });
  });

  test('leaves a policy alone that somebody has changed since, or that was DROP before', () => {
    const changed = planOf(bound, withLive(settled(closing), { policy: 'ACCEPT' }));
    const droppedBefore = withLive(stateFor(closing, {}), { policy: 'DROP' });
    const kept = planOf(bound, settled(closing, droppedBefore));

    expect(changed).toMatchObject({ changes: [{ kind: 'write' }] });
    expect(kept).toMatchObject({ changes: [{ kind: 'write' }] });
  });

  test('does nothing beside foreign rules', () => {
    const plan = bound.plan(
      withChains((chains) => chains.set('FORWARD', ['-j XPUSH-FWD', '-s 10.0.0.0/8 -j DROP'])),
    );

    expect(plan).toMatchObject({ changes: [] });
  });

  test('refuses where nothing would load the rules at boot', () => {
    const absent = { type: 'absent' };
    const { first } = planTwice(bound, {
      'file:/etc/network/if-pre-up.d': absent,
      'file:/etc/local.d': absent,
    });

    expect(first).toMatchObject({
      refusal: 'nothing is known on this host that would load the rules at boot',
    });
  });

  test('wants ip6tables only where a guest has an IPv6 address', async () => {
    const missing = 'ip6tables is not installed (looked for ip6tables-save)';
    const without6 = (step: BoundStep): HostState => {
      const state = stateFor(step, {});
      const asked = step.queries.find((one) => one.kind === 'chains' && one.family === 6);
      if (asked === undefined) throw new Error('the step asks for no chains of IPv6');
      const seen = state.get(asked);
      if (seen === undefined || !('answer' in seen)) throw new Error('no chains');
      const live = { ...(seen.answer as ChainsState), problem: missing };
      return state.with(new Map([[queryKey(asked), { answer: live }]]));
    };
    const dual = await firewallOf(
      '  web: { dom0: xen1, vifs: [{ ips: [192.168.0.9, "2001:db8::9"] }], allow: [] }',
    );

    expect(planOf(bound, without6(bound)).changes).toHaveLength(2);
    expect(dual.plan(without6(dual))).toMatchObject({ refusal: missing });
  });

  test('refuses a hook that is no file', () => {
    const hook = '/etc/network/if-pre-up.d/xpush-firewall';
    const { first } = planTwice(bound, { [`file:${hook}`]: { type: 'directory' } });

    expect(first).toMatchObject({ refusal: `${hook} is a directory` });
  });
});
