import { describe, expect, test } from 'vitest';
import { type ChangingTask, generationText } from '../../src/engine/generation.ts';
import {
  generationsQuery,
  isWorthUndoing,
  type KeptRun,
  keptRuns,
  undoingTasks,
} from '../../src/engine/last-run.ts';
import { change } from '../../src/host/change.ts';
import { query } from '../../src/host/query.ts';
import type { RunIdentity } from '../../src/host/run-identity.ts';
import { hostWith, hostWithFiles } from './known-host.ts';

const room = '/var/lib/xpush/generations';
const runOf = (day: number): RunIdentity => ({
  ...{ id: `202611${day}T120000Z-00000${day % 10}`, by: 'ops@controller', since: `day ${day}` },
});

const task = (path: string, isUpkeep = false): ChangingTask => ({
  ...{ play: 'p', task: `Write ${path}`, step: 'test', network: false, isUpkeep },
  changes: change.writeFile(path, 'new', { type: 'absent' }, { effect: 'boot' }),
});

const textOf = (run: RunIdentity, ...tasks: readonly ChangingTask[]): string =>
  generationText(run, tasks) ?? '';

/** What a host that keeps these files says. */
function kept(files: Readonly<Record<string, string>>): readonly KeptRun[] {
  const listed = Object.entries(files).map(
    ([name, content]) =>
      [
        `${room}/${name}`,
        { type: 'file', mode: 0o600, uid: 0, gid: 0, size: content.length, content },
      ] as const,
  );
  return keptRuns(
    hostWith([[generationsQuery, { exists: true, files: new Map(listed), isCut: false }]]),
  );
}

const old = runOf(20);
const late = runOf(21);

describe('keptRuns', () => {
  test('runs come newest first, their parts in the order in which they were made', () => {
    const runs = kept({
      [`${old.id}.1.json`]: textOf(old, task('/etc/a')),
      [`${late.id}.10.json`]: textOf(late, task('/etc/c')),
      [`${late.id}.9.json`]: textOf(late, task('/etc/b')),
    });

    expect(runs.map(({ id, by, since }) => [id, by, since])).toEqual([
      [late.id, 'ops@controller', 'day 21'],
      [old.id, 'ops@controller', 'day 20'],
    ]);
    expect(runs[0]?.parts.map(({ path }) => path)).toEqual([
      `${room}/${late.id}.9.json`,
      `${room}/${late.id}.10.json`,
    ]);
  });

  test('a host without memories keeps none', () => {
    expect(keptRuns(hostWith([]))).toEqual([]);
    expect(kept({})).toEqual([]);
  });

  test.each([
    ['no JSON', '{'],
    ['another schema', '{"schema":2}'],
    ['a prototype', '{"__proto__":{"schema":1},"schema":1}'],
    ['the run of another file', textOf(late, task('/etc/a'))],
    ['a wild path', textOf(old, task('/etc/a')).replaceAll('/etc/a', 'etc/a')],
  ])('%s in it cannot be read, and is not undone', (_name, text) => {
    const [run] = kept({ [`${old.id}.1.json`]: text });

    expect(run?.parts).toMatchObject([{ generation: null }]);
    expect(run === undefined ? null : undoingTasks(run)[0]?.plan(hostWith([]))).toMatchObject({
      refusal: expect.stringContaining('is not as xpush wrote it'),
    });
  });

  test.each([
    'a b.1.json',
    '.1.json',
    'zzz.1.json',
    '99999999T999999Z-zzzzzz.1.json',
    `${old.id}.json`,
    `${old.id}.x.json`,
    '../x.1.json',
  ])('the file %s is none of a run', (name) => {
    expect(kept({ [name]: textOf(old, task('/etc/a')) })).toEqual([]);
  });
});

describe('isWorthUndoing', () => {
  test.each([
    ['a change', textOf(old, task('/etc/a'), task('/etc/b', true)), true],
    ['upkeep only', textOf(old, task('/etc/b', true)), false],
    ['what cannot be read', '{', true],
  ])('%s', (_name, text, isWorth) => {
    expect(kept({ [`${old.id}.1.json`]: text }).map(isWorthUndoing)).toEqual([isWorth]);
  });
});

describe('undoingTasks', () => {
  const [run] = kept({
    [`${old.id}.1.json`]: textOf(old, task('/etc/a'), task('/etc/b')),
    [`${old.id}.2.json`]: textOf(old, task('/etc/c')),
  });
  const tasks = run === undefined ? [] : undoingTasks(run);

  test('the last is undone first, and the run forgotten at the end', () => {
    expect(tasks.map(({ name }) => name)).toEqual([
      ...['Undo: Write /etc/c', 'Undo: Write /etc/b', 'Undo: Write /etc/a', 'Forget the run'],
    ]);
    expect(tasks[0]?.plan(hostWithFiles({ '/etc/c': 'new' }))).toMatchObject({
      changes: [{ kind: 'remove', path: '/etc/c' }],
    });
  });

  test('to forget takes all its files, and is no change', () => {
    const paths = [1, 2].map((number) => `${room}/${old.id}.${number}.json`);
    const there = hostWithFiles(Object.fromEntries(paths.map((path) => [path, '{}'])));

    expect(tasks.at(-1)?.queries).toEqual(paths.map((path) => query.file(path)));
    expect(tasks.at(-1)?.plan(there)).toMatchObject({
      changes: [],
      upkeep: paths.map((path) => ({ kind: 'remove', path })),
    });
  });

  test('what was too much to keep is refused with its reason', () => {
    const huge = {
      ...task('/etc/a'),
      changes: change.writeFile(
        '/etc/a',
        'x'.repeat(300_000),
        { type: 'absent' },
        { effect: 'boot' },
      ),
    };
    const [large] = kept({ [`${old.id}.1.json`]: textOf(old, huge) });

    expect(large === undefined ? null : undoingTasks(large)[0]?.plan(hostWith([]))).toMatchObject({
      refusal: expect.stringMatching(
        /^cannot be undone: what it changed is more than a host keeps/,
      ),
    });
  });
});
