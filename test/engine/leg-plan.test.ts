import assert from 'node:assert/strict';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { foresee } from '../../src/engine/leg-plan.ts';
import { LegTasks } from '../../src/engine/leg-tasks.ts';
import type { LegTask } from '../../src/engine/legs.ts';
import { cutSegments } from '../../src/engine/segment.ts';
import { query } from '../../src/host/query.ts';
import { HostState } from '../../src/host/state.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { nothingTold } from '../../src/playbook/knowledge.ts';
import { command } from '../../src/steps/command.ts';
import { defineStep } from '../../src/steps/step.ts';

const inventory = await loadInventory({ argument: '-', stdin: 'hosts: { here: {} }' });
const here = inventory.hosts.get('here') ?? assert.fail('no host');

const asking = defineStep({
  name: 'asking',
  summary: 'Asks what is there; for these tests.',
  on: ['host'],
  params: v.strictObject({}),
  network: true,
  queries: () => ({ file: query.file('/etc/x') }),
  plan: () => ({ changes: [] }),
});

const state = new HostState(new Map()).with(
  new Map([['file:/etc/x', { answer: { type: 'absent' } }]]),
);

const run = { step: command, params: { argv: ['true'] } };
const windowed = { ...run, network: true };
const careful = { ...windowed, params: { argv: ['true'], creates: '/etc/x' } };
const typed = { step: asking, params: {} };

type RunTask = LegTask['task'];

function foreseen(...tasks: readonly Omit<RunTask, 'name'>[]) {
  const play = { name: 'a play', tasks: [] };
  const list = tasks.map((task) => ({ play, task: { name: 'a task', ...task } }));
  const open = new LegTasks({ host: here, tasks: list }, inventory, nothingTold, () => {});
  return foresee(open.open, state, nothingTold);
}

describe('foresee', () => {
  test('stops behind a command: what comes next is planned from what that left', () => {
    expect(foreseen(run, typed)).toMatchObject({ isOpen: true, tasks: { length: 1 } });
    expect(foreseen(windowed, typed)).toMatchObject({ isOpen: true, tasks: { length: 1 } });
    expect(foreseen(windowed, careful)).toMatchObject({ isOpen: true, tasks: { length: 1 } });
    expect(foreseen(typed, windowed)).toMatchObject({ isOpen: true, tasks: { length: 2 } });
  });

  test('goes on with commands of the network that ask nothing: they share a window', () => {
    const { tasks, isOpen } = foreseen(typed, windowed, windowed, windowed, typed);

    expect(isOpen).toBe(true);
    expect(cutSegments(tasks)).toMatchObject([{ kind: 'window', tasks: { length: 4 } }]);
  });

  test('keeps commands apart that are undone by nothing, so that each is told when it is done', () => {
    expect(foreseen(run, run)).toMatchObject({ isOpen: true, tasks: { length: 1 } });
    expect(foreseen(windowed, run)).toMatchObject({ isOpen: true, tasks: { length: 1 } });
    expect(foreseen(run, windowed)).toMatchObject({ isOpen: true, tasks: { length: 1 } });
  });
});
