import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/engine/events.ts';
import { listRuns, matchRuns } from '../../src/records/list-runs.ts';
import { kept, pruneRuns } from '../../src/records/prune-runs.ts';
import { readRun } from '../../src/records/read-run.ts';
import type { RunHead } from '../../src/records/run-head.ts';
import { thisProcess } from '../../src/records/run-process.ts';
import { openRunRecord } from '../../src/records/run-writer.ts';
import { runsDirectory, stateDirectory } from '../../src/records/state-directory.ts';
import { readUnfinished } from '../../src/records/unfinished.ts';
import { hostileRun } from '../report/hostile-event.ts';
import { fileChange, hostEnd, runOf, runStart, taskEnd } from '../report/sample-run.ts';
import { runs } from '../runs.ts';
import { headOf } from './run-head.ts';

let directory: string;
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'xpush-records-')), 'state', 'xpush');
});
afterEach(async () => {
  await rm(join(directory, '..', '..'), { recursive: true, force: true });
});

const id = '20261122T230501Z-3f9a2c';

/** Leaves the record of a run and gives the warnings. */
async function record(
  events: readonly RunEvent[],
  head: RunHead = headOf(id),
): Promise<readonly string[]> {
  const warnings: string[] = [];
  const writer = openRunRecord(directory, head, (text) => warnings.push(text));
  for (const event of events) writer.note(event);
  await writer.close();
  return warnings;
}

const eventsFile = (run = id): string => join(runsDirectory(directory), run, 'events.ndjson');

const long = 'the same line\n'.repeat(20);
const change = fileChange('/etc/a', long, `${long}one more\n`);
const done = runOf([
  ['xen1', 'dom0', [{ status: 'changed', changes: [change] }], { status: 'changed' }],
  ['xen2', 'dom0', [{ status: 'changed', changes: [change] }], { status: 'changed' }],
]);

describe('openRunRecord', () => {
  test('leaves a record that reads back as the run was, whatever its texts', async () => {
    let number = 0;
    await fc.assert(
      fc.asyncProperty(hostileRun, async (events) => {
        number += 1;
        const run = `20261122T230501Z-${number.toString(16).padStart(6, '0')}`;
        await record(events, headOf(run));

        const read = await readRun(directory, run);
        // JSON has neither.
        const wanted = JSON.parse(JSON.stringify(events.filter(isKept(events))));
        expect(read?.events.map(({ event }) => event)).toEqual(wanted);
        expect(read?.remarks).toEqual([]);
        expect(read?.state).toBe('ended');
      }),
      { numRuns: runs() },
    );
  });

  test('writes nothing that a terminal would obey', async () => {
    await record([...runOf([['xen1', 'dom0', [{ message: 'a\x9b2Jb\u202ec\x7f' }], {}]])]);

    expect(await readFile(eventsFile(), 'utf8')).not.toMatch(/(?!\n)[\p{C}\p{Zl}\p{Zp}]/u);
  });

  test('writes equal contents once', async () => {
    await record(done);

    const text = await readFile(eventsFile(), 'utf8');
    expect(text.split('{"text":')).toHaveLength(3);
  });

  test('is for nobody but its owner', async () => {
    await record(done);

    const path = join(runsDirectory(directory), id);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    const files = await readdir(path);
    expect(files.toSorted()).toEqual(['end.json', 'events.ndjson', 'run.json']);
    for (const file of files) expect((await stat(join(path, file))).mode & 0o777).toBe(0o600);
  });

  test('is written while the run goes', async () => {
    const writer = openRunRecord(directory, headOf(id), () => {});

    writer.note(runStart([{ name: 'xen1', kind: 'dom0' }]));
    await expect.poll(async () => (await readRun(directory, id))?.events.length).toBe(1);
    expect((await readRun(directory, id))?.state).toBe('running');

    await writer.close();
  });

  test('gives up once, with a warning, when the disk stands still under what is to be written', async () => {
    const warnings: string[] = [];
    const writer = openRunRecord(directory, headOf(id), (text) => warnings.push(text));
    const text = 'x'.repeat(1024 * 1024);
    const say = () => writer.note({ event: 'message', level: 'info', host: null, text });

    for (let count = 0; count < 79; count += 1) say(); // no turn for the disk in between
    expect(warnings).toEqual([]);
    for (let count = 0; count < 20; count += 1) say();

    expect(warnings).toEqual([
      expect.stringMatching(/^This run leaves no record: .* does not keep up$/),
    ]);
    expect(writer.hasFailed).toBe(true);
    await writer.close();
    expect(warnings).toHaveLength(1);
  });

  test.each([
    ['is a file', async () => writeFile(directory, '')],
    ['cannot hold directories', async () => mkdir(directory).then(() => (directory = '/proc'))],
  ])('warns once and throws nothing where the state directory %s', async (_, spoil) => {
    await mkdir(join(directory, '..'), { recursive: true });
    const real = directory;
    await spoil();

    const warnings = await record(done);
    directory = real;

    expect(warnings).toEqual([expect.stringContaining('This run leaves no record: E')]);
  });
});

/** Of activities only news are kept. */
function isKept(events: readonly RunEvent[]): (event: RunEvent, index: number) => boolean {
  return (event, index) => {
    if (event.event !== 'activity') return true;
    const before = events
      .slice(0, index)
      .findLast((one) => one.event === 'activity' && one.host === event.host);
    return before?.event !== 'activity' || before.doing !== event.doing;
  };
}

describe('readRun', () => {
  test('reads a cut record as far as it goes, and says so', async () => {
    await record(done);
    const { size } = await stat(eventsFile());
    await truncate(eventsFile(), size - 5);

    const read = await readRun(directory, id);

    expect(read?.events).toHaveLength(done.length - 1);
    expect(read?.remarks).toEqual(['the last line of its events is cut: it is no JSON']);
  });

  test('reads what is there wherever a record is cut', async () => {
    await record(done);
    const whole = await readFile(eventsFile());

    for (let size = 0; size < whole.length; size += 37) {
      await writeFile(eventsFile(), whole.subarray(0, size));
      const read = await readRun(directory, id);
      expect(read?.events).toEqual(expect.any(Array));
      expect(done).toEqual(expect.arrayContaining(read?.events.map(({ event }) => event) ?? []));
    }
  });

  test('passes over lines of other versions, hostile ones too', async () => {
    await record(done);
    const odd = [
      '{"at":1,"event":"from_the_future"}',
      '{"at":1,"event":"task","changes":[null,7]}',
      '{"at":1,"event":"task","host":"a","play":"b","task":"c","step":"d","status":"ok","changes":7}',
      '{"at":1,"event":"host_end","host":"a","kind":"dom0","status":"__proto__","error":null,"seconds":1}',
      '[]',
      'null',
      '\0\0\0',
      `${'['.repeat(100_000)}`,
    ];
    await appendFile(eventsFile(), `${odd.join('\n')}\n`);

    const read = await readRun(directory, id);

    expect(read?.events).toHaveLength(done.length);
    expect(read?.remarks.join('\n')).toMatch(/line \d+ and \d more of its events/);
  });

  test('is null for what is no record', async () => {
    expect(await readRun(directory, id)).toBeNull();
    expect(await readRun(directory, '../../etc')).toBeNull();

    await record(done);
    await writeFile(join(runsDirectory(directory), id, 'run.json'), '{"schema":2}');
    expect(await readRun(directory, id)).toBeNull();
  });
});

describe('a run whose process is gone', () => {
  let child: ChildProcess;
  afterEach(() => {
    child.kill('SIGKILL');
  });

  test('is running while it lives, and killed afterwards', async () => {
    child = spawn('sleep', ['60']);
    const pid = child.pid ?? 0;
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ');
    const process = { ...thisProcess(), pid, started: fields?.[19] ?? '' };
    await record(done.slice(0, -1), headOf(id, { process }));
    expect((await readRun(directory, id))?.state).toBe('running');

    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;

    expect((await readRun(directory, id))?.state).toBe('killed');
  });

  test('is not taken for another process with its id, nor judged from another machine', async () => {
    child = spawn('sleep', ['60']);
    const other = { ...thisProcess(), started: '1' };
    await record([], headOf(id, { process: other }));
    expect((await readRun(directory, id))?.state).toBe('killed');

    const away = '20261122T230502Z-3f9a2c';
    await record([], headOf(away, { process: { ...other, controller: 'elsewhere' } }));
    expect((await readRun(directory, away))?.state).toBe('unknown');
  });
});

describe('readUnfinished', () => {
  const gone = { ...thisProcess(), started: '1' };
  const names = ['a', 'b', 'c', 'd', 'e'];
  const events: readonly RunEvent[] = [
    runStart(names.map((name) => ({ name, kind: 'dom0' }))),
    { event: 'host_start', host: 'a', kind: 'dom0' },
    taskEnd('a'),
    hostEnd('a', 'dom0', { status: 'changed' }),
    { event: 'host_start', host: 'b', kind: 'dom0' },
    { event: 'activity', host: 'b', doing: 'act', task: null, done: 1, total: 3 },
    { event: 'activity', host: 'b', doing: 'confirm', task: null, done: 1, total: 3 },
    { event: 'host_start', host: 'c', kind: 'dom0' },
    hostEnd('c', 'dom0', { status: 'rolled_back' }),
    hostEnd('d', 'dom0', { status: 'skipped' }),
  ];

  test('names the hosts that are not done, and where they stood', async () => {
    await record(events, headOf(id, { process: gone }));

    expect(await readUnfinished(directory, 'last')).toEqual({
      run: id,
      state: 'killed',
      command: 'apply',
      check: false,
      directory: '/srv/fleet',
      inventory: 'fleet.yaml',
      playbooks: ['site.yaml'],
      hosts: [
        { name: 'b', status: 'running', doing: 'confirm' },
        { name: 'c', status: 'rolled_back', doing: null },
        { name: 'd', status: 'skipped', doing: null },
        { name: 'e', status: 'waiting', doing: null },
      ],
      remarks: [],
    });
  });

  test('takes as the last run none that is a check, none that still runs, none that is damaged', async () => {
    await record(events, headOf(id, { process: gone }));
    await record(done, headOf('20261122T230502Z-000000', { check: true }));
    await record(events, headOf('20261122T230503Z-000000'));
    await mkdir(join(runsDirectory(directory), '20261122T230504Z-000000'));

    expect((await readUnfinished(directory, 'last'))?.run).toBe(id);
    expect((await readUnfinished(directory, '20261122T230502Z-000000'))?.check).toBe(true);
    expect(await readUnfinished(directory, '20261122T230509Z-000000')).toBeNull();
  });

  test('carries over what a run that went on with another did not take', async () => {
    await record(events, headOf(id, { process: gone }));
    const of = await readUnfinished(directory, 'last');
    const left = of?.hosts.map(({ name, status }) => ({ name, status })) ?? [];
    const next = '20261122T230502Z-000000';
    const taken = [
      runStart([{ name: 'c', kind: 'dom0' }]),
      hostEnd('c', 'dom0', { status: 'changed' }),
    ];
    await record(taken, headOf(next, { process: gone, left }));

    expect(await readUnfinished(directory, 'last')).toMatchObject({
      run: next,
      hosts: [
        { name: 'b', status: 'running' },
        { name: 'd', status: 'skipped' },
        { name: 'e', status: 'waiting' },
      ],
    });
  });

  test('takes as the last run one that is meant', async () => {
    await record(events, headOf(id, { process: gone }));
    await record(
      events,
      headOf('20261122T230502Z-000000', { process: gone, inventory: null, command: 'remove' }),
    );

    const ofInventory = await readUnfinished(
      directory,
      'last',
      ({ inventory }) => inventory?.argument === 'fleet.yaml',
    );
    expect(ofInventory?.run).toBe(id);
    expect(await readUnfinished(directory, 'last', () => false)).toBeNull();
  });

  test('is null where nothing was run', async () => {
    expect(await readUnfinished(directory, 'last')).toBeNull();
  });
});

describe('listRuns', () => {
  test('gives the newest first, and finds a run by a part of its id', async () => {
    for (const run of [id, '20261123T000000Z-aaaaaa', '20251123T000000Z-bbbbbb']) {
      await record(done, headOf(run));
    }

    const ids: string[] = [];
    for await (const run of listRuns(directory)) ids.push(run.id);
    expect(ids).toEqual(['20261123T000000Z-aaaaaa', id, '20251123T000000Z-bbbbbb']);
    expect(await matchRuns(directory, 'last')).toEqual(['20261123T000000Z-aaaaaa']);
    expect(await matchRuns(directory, '3f9a2c')).toEqual([id]);
    expect(await matchRuns(directory, '2026112')).toHaveLength(2);
  });
});

describe('pruneRuns', () => {
  const now = Date.parse('2026-11-22T23:05:01Z');

  test('removes old records, but neither one that lives nor what is no record', async () => {
    const gone = { ...thisProcess(), started: '1' };
    await record(done, headOf(id));
    await record(done, headOf('20260101T000000Z-aaaaaa'));
    await record([], headOf('20260101T000000Z-bbbbbb'));
    await record([], headOf('20260101T000000Z-cccccc', { process: gone }));
    await mkdir(join(runsDirectory(directory), 'mine'));

    await pruneRuns(directory, now);

    const left = await readdir(runsDirectory(directory));
    expect(left.toSorted()).toEqual(['20260101T000000Z-bbbbbb', id, 'mine'].toSorted());
  });

  test('keeps the newest so many', async () => {
    for (let number = 0; number < kept.runs + 5; number += 1) {
      const path = join(
        runsDirectory(directory),
        `20261122T2300${String(number % 60).padStart(2, '0')}Z-${String(number).padStart(6, '0')}`,
      );
      await mkdir(path, { recursive: true });
    }

    await pruneRuns(directory, now);

    expect(await readdir(runsDirectory(directory))).toHaveLength(kept.runs);
  });
});

describe('stateDirectory', () => {
  test('is under XDG_STATE_HOME, unless that is relative', () => {
    expect(stateDirectory({ XDG_STATE_HOME: '/s' })).toBe('/s/xpush');
    expect(stateDirectory({ XDG_STATE_HOME: 's' })).toMatch(/^\/.*\/\.local\/state\/xpush$/);
    expect(stateDirectory({})).toMatch(/\.local\/state\/xpush$/);
  });
});
