import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { bindTask } from '../../src/engine/bind-task.ts';
import { PlanRecorder, type RecordedHost } from '../../src/engine/plan-recorder.ts';
import { change } from '../../src/host/change.ts';
import { HostState } from '../../src/host/state.ts';
import { splitActs } from '../../src/host/window-acts.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { nothingTold } from '../../src/playbook/knowledge.ts';
import { defineStep, type Step } from '../../src/steps/step.ts';

const inventory = await loadInventory({ argument: '-', stdin: 'hosts: { here: {} }' });
const host = inventory.hosts.get('here');
if (host === undefined) throw new Error('no host');
const target = { host, inventory };
const absent = new HostState(new Map());

const files = (network: boolean): Step =>
  defineStep({
    name: 'files',
    summary: 'Writes and removes files for the next boot; for these tests.',
    on: ['host'],
    params: v.strictObject({}),
    network,
    queries: () => ({}),
    plan: () => ({
      changes: [
        ...change.makeDirectory('/etc/dir', { type: 'absent' }),
        ...change.writeFile('/etc/dir/x', 'x\n', { type: 'absent' }, { effect: 'boot' }),
        ...change.removeFile('/etc/y', { type: 'directory' }, 'boot'),
      ],
      upkeep: change.writeFile('/etc/z', 'z\n', { type: 'absent' }, { effect: 'boot' }),
    }),
    leave: () => ({ changes: change.removeFile('/etc/dir/x', { type: 'directory' }, 'boot') }),
  });

const boundTask = (task: Parameters<typeof bindTask>[0]) => {
  const prepared = bindTask(task, target)(nothingTold);
  if (prepared.type !== 'ready') throw new Error(prepared.type);
  return prepared.bound;
};

const effectsOf = (step: Step, network?: boolean) => {
  const bound = boundTask({ name: 'a task', step, params: {}, ...(network && { network }) });
  const plan = bound.plan(absent);
  if ('refusal' in plan) throw new Error(plan.refusal);
  const all = [...plan.changes, ...(plan.upkeep ?? [])];
  return { bound, all, effects: all.map(({ effect }) => effect) };
};

describe('bindTask', () => {
  test('of a task that is said to be about the network has its files in place before the decision', () => {
    const { bound, all, effects } = effectsOf(files(false), true);

    expect(bound.network).toBe(true);
    expect(effects).toEqual(['boot', 'both', 'both', 'both']);
    const {
      now,
      staged,
      files: saved,
    } = splitActs(all.map((one, index) => ({ id: `0.${index}`, change: one })));
    expect(now.map(({ id }) => id)).toEqual(['0.1', '0.2', '0.3']);
    expect(staged.map(({ ids }) => ids)).toEqual([['0.0']]);
    expect(saved).toEqual(['/etc/dir/x', '/etc/y', '/etc/z']);
    expect(bound.leave?.(absent)).toMatchObject({ changes: [{ effect: 'both' }] });
  });

  test('leaves alone what says itself how it is about the network, and what is not', () => {
    expect(effectsOf(files(true), true).effects).toEqual(['boot', 'boot', 'boot', 'boot']);
    expect(effectsOf(files(false)).effects).toEqual(['boot', 'boot', 'boot', 'boot']);
    expect(effectsOf(files(false)).bound.network).toBe(false);
  });

  test('is what a saved plan keeps', () => {
    const task = { name: 'a task', step: files(false), params: {}, network: true };
    const ended: RecordedHost[] = [];
    const recorder = new PlanRecorder(
      [{ play: { name: 'a play', tasks: [task] }, hosts: new Set(['here']) }],
      (_name, one) => ended.push(one),
    );
    const recorded = recorder.plays[0]?.play.tasks[0];
    if (recorded === undefined) throw new Error('no task');

    boundTask(recorded).plan(absent);
    recorder.note({
      ...{ event: 'task', host: 'here', play: 'a play', task: 'a task', step: 'files' },
      ...{ status: 'changed', changes: [], pending: [], message: null },
    });
    recorder.note({
      ...{ event: 'host_end', host: 'here', kind: 'host', status: 'changed' },
      ...{ error: null, seconds: 1 },
    });

    const [kept] = ended[0]?.tasks ?? [];
    expect(kept?.network).toBe(true);
    expect(kept?.plan?.changes.map(({ effect }) => effect)).toEqual(['boot', 'both', 'both']);
  });
});
