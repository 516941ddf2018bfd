import { describe, expect, test } from 'vitest';
import { type ChainsState, queryKey } from '../../src/host/query.ts';
import { firewall } from '../../src/steps/firewall.ts';
import type { Plan } from '../../src/steps/step.ts';
import { bind, fleet, planTwice, stateFor } from './observed.ts';

const bound = bind(firewall, 'xen1');
const chainsKey = bound.queries.find(({ kind }) => kind === 'chains');
const key = chainsKey === undefined ? '' : queryKey(chainsKey);

/** The host after a first apply. */
function converged() {
  const state = stateFor(bound, {});
  const plan = bound.plan(state);
  if ('refusal' in plan) throw new Error(plan.refusal);
  return plan.changes.reduce((before: typeof state, change) => before.after(change), state);
}

function withChains(change: (chains: Map<string, readonly string[]>) => void) {
  const state = converged();
  if (chainsKey === undefined) throw new Error('the step asks for no chains');
  const seen = state.get(chainsKey);
  if (seen === undefined || !('answer' in seen)) throw new Error('no chains');
  const live = seen.answer as ChainsState;
  const chains = new Map(live.chains);
  change(chains);
  return state.with(new Map([[key, { answer: { ...live, chains } }]]));
}

describe('firewall', () => {
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
    const state = converged().with(new Map([['session', { answer: { peer: '192.168.0.99' } }]]));

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

  test('sets a policy that the inventory wants, and leaves another alone', () => {
    const host = fleet.hosts.get('xen1');
    if (host?.kind !== 'dom0') throw new Error('no xen1');
    const strict = { ...host, firewall: { ...host.firewall, policy: 'drop' as const } };
    const closing = firewall.bind({ host: strict, inventory: fleet }, {});

    const { first, second } = planTwice(closing);
    const drifted = closing.plan(converged());

    expect(first).toMatchObject({
      changes: [{ policies: new Map([['FORWARD', 'DROP']]) }, { kind: 'write' }],
      message: 'FORWARD drops: guests that the inventory does not name are closed',
    });
    expect(second).toMatchObject({ changes: [] });
    expect(drifted).toMatchObject({ changes: [{ kind: 'chains' }, { kind: 'write' }] });
    expect(planTwice(bound).first).toMatchObject({ changes: [{ policies: new Map() }, {}] });
  });

  test('does nothing beside foreign rules', () => {
    const plan = bound.plan(
      withChains((chains) => chains.set('FORWARD', ['-j XPUSH-FWD', '-s 10.0.0.0/8 -j DROP'])),
    );

    expect(plan).toMatchObject({ changes: [] });
  });

  test('refuses where nothing would load the rules at boot', () => {
    const { first } = planTwice(bound, { 'file:/etc/network/if-pre-up.d': { type: 'absent' } });

    expect(first).toHaveProperty('refusal');
  });

  test('refuses a hook that is no file', () => {
    const hook = '/etc/network/if-pre-up.d/xpush-firewall';
    const { first } = planTwice(bound, { [`file:${hook}`]: { type: 'directory' } });

    expect(first).toMatchObject({ refusal: `${hook} is a directory` });
  });
});
