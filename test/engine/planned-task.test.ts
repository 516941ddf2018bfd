import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { areTasksDone, plannedTask } from '../../src/engine/planned-task.ts';
import { answerTo } from '../../src/host/answer.ts';
import { type Change, change } from '../../src/host/change.ts';
import { type FoundFile, plannedDocument, plannedSchema } from '../../src/host/planned-change.ts';
import { query } from '../../src/host/query.ts';
import type { HostState } from '../../src/host/state.ts';
import { hostFailing, hostWithFiles } from './known-host.ts';

const path = '/etc/motd';

/** Through the words of a plan. */
function saved(changes: readonly Change[], upkeep: readonly Change[] = [], found?: FoundFile[]) {
  const read = (one: Change) => v.parse(plannedSchema, plannedDocument(one, found));
  return plannedTask({
    ...{ step: 'test', network: true, pending: ['a reboot'], message: 'by hand' },
    ...{ changes: changes.map(read), upkeep: upkeep.map(read) },
  });
}

function write(content: string, state: HostState, name = path): readonly Change[] {
  const before = answerTo(state, query.file(name));
  if (before === null) throw new Error(name);
  return change.writeFile(name, content, before, { effect: 'boot' });
}

const old = hostWithFiles({ [path]: 'old', '/etc/other': null });

describe('plannedTask', () => {
  test('does what was planned, and says what was said, on a host that is as it was', () => {
    const task = saved(write('new', old), write('x', old, '/etc/other'));

    expect(task).toMatchObject({ step: 'test', network: true });
    expect(task.plan(old)).toEqual({
      changes: write('new', old),
      upkeep: write('x', old, '/etc/other'),
      ...{ pending: ['a reboot'], message: 'by hand' },
    });
  });

  test('changes that build on each other are known from the first on', () => {
    const first = write('new', old);
    const then = first.reduce((state: HostState, one) => state.after(one), old);

    expect(saved([...first, ...write('newer', then)]).plan(old)).toMatchObject({
      changes: [{ content: 'new' }, { content: 'newer' }],
    });
  });

  test.each([
    ['another content', { [path]: 'mine', '/etc/other': null }, path],
    ['a file that went', { [path]: null, '/etc/other': null }, path],
    ['what is upkeep only', { [path]: 'old', '/etc/other': 'mine' }, '/etc/other'],
  ])('%s is refused, by name', (_name, files, moved) => {
    const task = saved(write('new', old), write('x', old, '/etc/other'));

    expect(task.plan(hostWithFiles(files))).toEqual({
      refusal: `${moved} is not as it was when the plan was made: nothing was done on this host`,
      hint: 'see what changed, and make a new plan',
    });
  });

  test('what could not be looked at is told as that', () => {
    expect(saved(write('new', old)).plan(hostFailing(query.file(path)))).toMatchObject({
      refusal: 'it could not be read',
    });
  });

  test('a command runs as it was planned while what it depends on is as it was', () => {
    const command = change.command(['/bin/make', 'it'], '/srv', { stdin: 'x', files: ['/etc/a'] });
    const task = saved([command], [], [{ path, exists: true }]);

    expect(task.queries).toEqual([query.file(path)]);
    expect(task.plan(old)).toMatchObject({ changes: [command] });
    expect(task.plan(hostWithFiles({ [path]: 'another content' }))).toMatchObject({
      changes: [command],
    });
    expect(task.plan(hostWithFiles({ [path]: null }))).toMatchObject({
      refusal: expect.stringContaining(`${path} is not as it was`),
    });
  });

  test('a command that reads a secret has no words', () => {
    expect(plannedDocument(change.command(['a'], null, { stdin: { reveal: () => 'x' } }))).toBe(
      null,
    );
  });
});

describe('areTasksDone', () => {
  test('changes and upkeep, of all of them', () => {
    const tasks = [saved(write('new', old)), saved([], write('x', old, '/etc/other'))];
    const at = (motd: string, other: string | null) =>
      areTasksDone(tasks, hostWithFiles({ [path]: motd, '/etc/other': other }));

    expect([at('new', 'x'), at('old', 'x'), at('new', null)]).toEqual([true, false, false]);
  });
});
