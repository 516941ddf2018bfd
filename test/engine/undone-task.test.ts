import { describe, expect, test } from 'vitest';
import type { ChangingTask } from '../../src/engine/generation.ts';
import { undoneTask } from '../../src/engine/undone-task.ts';
import { answerTo } from '../../src/host/answer.ts';
import { type Change, change } from '../../src/host/change.ts';
import { query } from '../../src/host/query.ts';
import type { HostState } from '../../src/host/state.ts';
import { hostFailing, hostWithFiles } from './known-host.ts';

const path = '/etc/motd';
const memory = '/var/lib/xpush/motd.json';
const old = hostWithFiles({ [path]: 'old', [memory]: null });

function write(content: string, state: HostState, name = path): readonly Change[] {
  const before = answerTo(state, query.file(name));
  if (before === null) throw new Error(name);
  return change.writeFile(name, content, before, { effect: 'boot' });
}

const stateAfter = (state: HostState, changes: readonly Change[]): HostState =>
  changes.reduce((now: HostState, one) => now.after(one), state);

const done = (changes: readonly Change[], isUpkeep = false): ChangingTask => ({
  ...{ play: 'p', task: 't', step: 'test', network: true },
  ...{ isUpkeep, changes },
});

const first = write('new', old);
const twice = [...first, ...write('newer', stateAfter(old, first))];

describe('undoneTask', () => {
  test('goes back step by step, the last first, in a window where there was one', () => {
    const task = undoneTask(done(twice));

    expect(task).toMatchObject({ step: 'rollback', network: true });
    expect(task.plan(stateAfter(old, twice))).toEqual({
      changes: [
        expect.objectContaining({ content: 'new' }),
        expect.objectContaining({ content: 'old' }),
      ],
      ...{ upkeep: [], message: null },
    });
  });

  test('has nothing to do where it is as before already', () => {
    expect(undoneTask(done(first)).plan(old)).toMatchObject({ changes: [], upkeep: [] });
  });

  test('what somebody else changed since is refused, by name', () => {
    const state = stateAfter(old, first);
    const foreign = stateAfter(state, write('mine', state));

    expect(undoneTask(done(first)).plan(foreign)).toMatchObject({
      refusal: `${path} is not as the run left it: nothing was undone on this host`,
      hint: expect.stringContaining('put it back by hand'),
    });
  });

  test('what could not be looked at, and what nobody can undo, is refused', () => {
    const failing = hostFailing(...undoneTask(done(first)).queries);

    expect(undoneTask(done(first)).plan(failing)).toEqual({
      ...{ refusal: 'it could not be read', hint: null },
    });
    const large: Change = {
      ...{ kind: 'write', effect: 'boot', path, content: 'a', mode: null },
      before: {
        ...{ type: 'file', mode: 0o644, uid: 0, gid: 0, size: 300_000 },
        ...{ content: null, sums: '* 1 300000' },
      },
    };
    expect(undoneTask(done([large])).plan(hostWithFiles({ [path]: 'a' }))).toMatchObject({
      refusal: expect.stringContaining('cannot be undone: /etc/motd was too large'),
    });
  });

  test('what is upkeep, and what xpush remembers, comes back and is not shown', () => {
    const both = [...first, ...write('{}', old, memory)];
    const state = stateAfter(old, both);

    expect(undoneTask(done(both)).plan(state)).toMatchObject({
      changes: [{ path }],
      upkeep: [{ path: memory }],
    });
    expect(undoneTask(done(both, true)).plan(state)).toMatchObject({
      changes: [],
      upkeep: [{ path: memory }, { path }],
    });
  });

  test('what a command did is said', () => {
    expect(undoneTask(done([change.command(['reboot'], null)])).plan(old)).toMatchObject({
      ...{ changes: [], message: 'what the command did is not undone: reboot' },
    });
  });
});
