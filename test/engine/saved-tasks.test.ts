import { describe, expect, test } from 'vitest';
import { bindSaved, type SavedTask, savedStep } from '../../src/engine/saved-tasks.ts';
import { answerTo } from '../../src/host/answer.ts';
import { change } from '../../src/host/change.ts';
import { query } from '../../src/host/query.ts';
import type { HostState } from '../../src/host/state.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { hostWith } from './known-host.ts';

const name = 'net.ipv4.ip_forward';
const asked = query.parameter(name);

/** Makes `to` of `from`, and of nothing else. */
const step = (from: string, to: string): SavedTask => ({
  ...{ step: 'sysctl', network: to === '2', queries: [asked] },
  plan: (state: HostState) => {
    const found = answerTo(state, asked);
    return found === from
      ? { changes: change.setParameter(name, to, from) }
      : { refusal: `it is ${found}`, hint: null };
  },
});

const at = (value: string) => hostWith([[asked, value]]);

describe('bindSaved', () => {
  test('a task makes its own changes only, in the window that was planned', () => {
    const [first, second] = bindSaved([step('0', '1'), step('1', '2')]);

    expect(first?.plan(at('0'))).toMatchObject({ changes: [{ value: '1' }] });
    expect(second?.plan(at('1'))).toMatchObject({ changes: [{ value: '2' }] });
    expect([first?.network, second?.network]).toEqual([false, true]);
  });

  test('nothing is done when a later task could not be', () => {
    const [first] = bindSaved([step('0', '1'), step('0', '2')]);

    expect(first?.plan(at('0'))).toEqual({ refusal: 'it is 1', hint: null });
  });

  test('what was done does not count any more', () => {
    const [, second] = bindSaved([step('0', '1'), step('1', '2')]);

    expect(second?.queries).toEqual([asked]);
    expect(second?.plan(at('0'))).toHaveProperty('refusal');
  });
});

describe('bindSaved on a host where an earlier run did some', () => {
  const tasks = [step('0', '1'), step('1', '2'), step('2', '3')];
  /** Knows of so many that they are done. */
  const bind = (...known: readonly number[]) =>
    bindSaved(tasks, (some) => some[0] === tasks[0] && known.includes(some.length));

  test('passes over what is done, when the rest can be', () => {
    expect(bind(2)[0]?.plan(at('2'))).toEqual({ changes: [] });
    expect(bind(3)[0]?.plan(at('3'))).toEqual({ changes: [] });
  });

  test('refuses as ever when the rest cannot, or nothing is done', () => {
    expect(bind(1)[0]?.plan(at('2'))).toEqual({ refusal: 'it is 2', hint: null });
    expect(bind()[0]?.plan(at('3'))).toEqual({ refusal: 'it is 3', hint: null });
  });

  test('does all of it on a host that is as it was', () => {
    expect(bind(1, 2, 3)[0]?.plan(at('0'))).toMatchObject({ changes: [{ value: '1' }] });
  });
});

describe('savedStep', () => {
  test('a host that it knows nothing of has nothing to do', async () => {
    const inventory = await loadInventory({
      argument: '-',
      stdin: 'hosts: { a: { address: 10.0.0.1 }, b: { address: 10.0.0.2 } }',
    });
    const [bound] = bindSaved([step('0', '1')]);
    const saved = savedStep('sysctl', new Map(bound === undefined ? [] : [['a', bound]]));
    const of = (host: string) => {
      const target = inventory.hosts.get(host);
      if (target === undefined) throw new Error(host);
      return saved.bind({ host: target, inventory }, {}).plan(at('0'));
    };

    expect(of('a')).toMatchObject({ changes: [{ value: '1' }] });
    expect(of('b')).toEqual({ changes: [] });
  });
});
