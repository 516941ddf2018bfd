import { linkSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent, TaskEnd } from '../../src/engine/events.ts';
import { runLeg } from '../../src/engine/leg-run.ts';
import { change } from '../../src/host/change.ts';
import { query } from '../../src/host/query.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { SourceText } from '../../src/source/source-text.ts';
import { command } from '../../src/steps/command.ts';
import { defineStep, refuse, type Step } from '../../src/steps/step.ts';
import { legOptions } from './leg-options.ts';
import { type LocalHost, localHost } from './local-host.ts';

const place = { source: new SourceText('test.yaml', ''), start: 0, end: 0 };
const inventory = await loadInventory({ argument: '-', stdin: 'hosts: { here: {} }' });

const file = defineStep({
  name: 'file',
  summary: 'Writes a file; for these tests.',
  on: ['host'],
  params: v.strictObject({ path: v.string(), content: v.string() }),
  queries: (_target, { path }) => ({ file: query.file(path) }),
  plan: (_target, { path, content }, seen) => ({
    changes: change.writeFile(path, content, seen.file, { effect: 'both' }),
  }),
});

const refusing = defineStep({
  name: 'refusing',
  summary: 'Refuses; for these tests.',
  on: ['host'],
  params: v.strictObject({}),
  queries: () => ({}),
  plan: () => refuse('not today', 'try tomorrow'),
});

let directory: string;
let host: LocalHost;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'xpush-leg-'));
  host = localHost();
});
afterEach(() => rmSync(directory, { recursive: true }));

type TaskList = readonly (readonly [Step, unknown])[];

async function run(tasks: TaskList, options: { check?: boolean; stopping?: AbortSignal } = {}) {
  const events: RunEvent[] = [];
  const target = inventory.hosts.get('here');
  if (target === undefined) throw new Error('no host');
  const list = tasks.map(([step, params], index) => ({
    name: `task ${index}`,
    step,
    params,
    place,
  }));
  const play = { name: 'play', hosts: ['all'], hostsPlace: place, tasks: list };
  const result = await runLeg(
    { host: target, tasks: list.map((task) => ({ play, task })), after: [] },
    { ...legOptions(inventory, events), ...options },
    host.connect,
  );
  const ended = events.filter((event): event is TaskEnd => event.event === 'task');
  return { result, ended, statuses: ended.map(({ status }) => status) };
}

const isAct = (program: string) => program.includes('xp_changes() {');

describe('runLeg', () => {
  test('changes what differs over one connection, and then finds nothing to do', async () => {
    const path = join(directory, 'a');
    const tasks: TaskList = [
      [file, { path, content: 'one\n' }],
      [file, { path: join(directory, 'b'), content: 'no newline, \x00\xff bytes' }],
    ];

    const first = await run(tasks);
    const programs = host.programs.length;
    const second = await run(tasks);

    expect(first.statuses).toEqual(['changed', 'changed']);
    expect(readFileSync(path, 'latin1')).toBe('one\n');
    expect(readFileSync(join(directory, 'b'), 'latin1')).toBe('no newline, \x00\xff bytes');
    expect(programs).toBe(2);
    expect(second.statuses).toEqual(['ok', 'ok']);
    expect(second.result.hasChanged).toBe(false);
    expect(host.programs.slice(programs).filter(isAct)).toEqual([]);
    expect(host.connections).toBe(2);
  });

  test('plans what needs preparation when that is over, with what the host has in view', async () => {
    const path = join(directory, 'a');
    writeFileSync(path, 'old\n');
    let prepared = '';
    const preparing = defineStep({
      name: 'preparing',
      summary: 'Prepares; for these tests.',
      on: ['host'],
      params: v.strictObject({}),
      queries: () => ({ file: query.file(path) }),
      prepare: async (_params, { file: found }) => {
        await new Promise((resolve) => setImmediate(resolve));
        prepared += found.type === 'file' ? found.content : found.type;
      },
      plan: (_target, _params, seen) => ({
        changes: change.writeFile(path, `not ${prepared}`, seen.file, { effect: 'both' }),
      }),
    });

    const { statuses } = await run([[preparing, {}]]);

    expect(statuses).toEqual(['changed']);
    expect(readFileSync(path, 'latin1')).toBe('not old\n');
  });

  test('says what a change had to say although it was made', async () => {
    const path = join(directory, 'a');
    writeFileSync(path, 'old\n');
    linkSync(path, join(directory, 'b'));

    const { ended } = await run([[file, { path, content: 'new\n' }]]);

    expect(ended[0]).toMatchObject({
      status: 'changed',
      message: 'it had 2 names: the others keep the old content',
    });
  });

  test('later tasks see what earlier ones will have done', async () => {
    const path = join(directory, 'a');

    const { statuses } = await run([
      [file, { path, content: 'one\n' }],
      [file, { path, content: 'two\n' }],
      [file, { path, content: 'two\n' }],
    ]);

    expect(statuses).toEqual(['changed', 'changed', 'ok']);
    expect(readFileSync(path, 'latin1')).toBe('two\n');
    // whose a new file is, is only known beforehand of root: others are observed once more
    if (process.getuid?.() === 0) expect(host.programs.length).toBe(2);
  });

  test('what follows a command is observed again, in the same message', async () => {
    const path = join(directory, 'made');

    const { statuses, ended } = await run([
      [command, { shell: `printf 'by hand\\n' > ${path}; echo said` }],
      [file, { path, content: 'by hand\n' }],
      [command, { argv: ['false'], creates: path }],
    ]);

    expect(statuses).toEqual(['changed', 'ok', 'ok']);
    expect(ended[0]?.message).toBe('said');
    expect(ended[2]?.message).toBe(`${path} exists`);
    expect(host.programs.length).toBe(2);
  });

  test('a check sends nothing that writes, and does not guess what a command does', async () => {
    const path = join(directory, 'a');

    const { statuses, result } = await run(
      [
        [file, { path, content: 'one\n' }],
        [command, { argv: ['touch', join(directory, 'b')] }],
        [file, { path, content: 'one\n' }],
      ],
      { check: true },
    );

    expect(statuses).toEqual(['changed', 'unknown', 'unknown']);
    expect(result.hasChanged).toBe(true);
    expect(host.programs.filter(isAct)).toEqual([]);
    expect(() => readFileSync(path)).toThrow();
  });

  test('a check in which only a command would run finds changes pending', async () => {
    const { result } = await run([[command, { argv: ['true'] }]], { check: true });

    expect(result.hasChanged).toBe(true);
  });

  test('a check says what each task after a command would do as things stand', async () => {
    const path = join(directory, 'a');

    const { ended } = await run(
      [
        [command, { argv: ['true'] }],
        [file, { path, content: 'one\n' }],
        [file, { path, content: 'one\n' }],
        [refusing, {}],
      ],
      { check: true },
    );

    expect(ended.map(({ message }) => message)).toEqual([
      'would run; what it does is unknown until applied',
      'unknown until applied; as things stand, it would make 1 change',
      'unknown until applied; as things stand, it would make no change',
      'unknown until applied; as things stand, it would fail: not today',
    ]);
  });

  test('a task that fails keeps what was done before it and skips what comes after', async () => {
    const path = join(directory, 'a');

    const { statuses, ended, result } = await run([
      [file, { path, content: 'one\n' }],
      [command, { shell: 'echo oh no >&2; exit 3' }],
      [file, { path, content: 'two\n' }],
    ]);

    expect(statuses).toEqual(['changed', 'failed', 'skipped']);
    expect(ended[1]?.message).toBe('echo oh no >&2; exit 3: exit status 3\noh no');
    expect(result.error?.message).toContain('task 1: ');
    expect(readFileSync(path, 'latin1')).toBe('one\n');
  });

  test('a command may exit with the status that means stale elsewhere', async () => {
    const { statuses } = await run([[command, { shell: 'exit 75' }]]);

    expect(statuses).toEqual(['failed']);
  });

  test('a refusal stops its host after the tasks before it', async () => {
    const path = join(directory, 'a');

    const { statuses, result } = await run([
      [file, { path, content: 'one\n' }],
      [refusing, {}],
    ]);

    expect(statuses).toEqual(['changed', 'failed']);
    expect(result.error).toEqual({ message: 'task 1: not today', hint: 'try tomorrow' });
    expect(readFileSync(path, 'latin1')).toBe('one\n');
  });

  test('a host that moved under the plan is observed and planned again', async () => {
    const path = join(directory, 'a');
    let moved = 0;
    host.beforeProgram = (program) => {
      if (isAct(program) && moved++ === 0) writeFileSync(path, 'somebody else\n', { mode: 0o600 });
    };

    const { statuses, ended } = await run([[file, { path, content: 'one\n' }]]);

    expect(statuses).toEqual(['changed']);
    expect(ended[0]?.changes[0]?.before).toBe('somebody else\n');
    expect(readFileSync(path, 'latin1')).toBe('one\n');
  });

  test('a host that keeps moving is given up after three more plans, untouched', async () => {
    const path = join(directory, 'a');
    let moved = 0;
    host.beforeProgram = (program) => {
      if (isAct(program)) writeFileSync(path, `somebody else ${moved++}\n`);
    };

    const { statuses, result } = await run([[file, { path, content: 'one\n' }]]);

    expect(statuses).toEqual(['failed']);
    expect(result.error?.message).toContain('the host changed under the plan 4 times');
    expect(moved).toBe(4);
    expect(readFileSync(path, 'latin1')).toBe('somebody else 3\n');
  });

  test('a connection that is lost under an act is made anew, and the host asked', async () => {
    const path = join(directory, 'a');
    let cuts = 0;
    host.beforeProgram = (program, cut) => {
      if (isAct(program) && cuts++ === 0) cut();
    };

    const { statuses } = await run([[file, { path, content: 'one\n' }]]);

    expect(statuses).toEqual(['changed']);
    expect(host.connections).toBe(2);
    expect(readFileSync(path, 'latin1')).toBe('one\n');
  });

  test('a host that is lost whenever it is looked at is unreachable', async () => {
    host.beforeProgram = (_program, cut) => cut();

    const lost = run([[file, { path: join(directory, 'a'), content: 'one\n' }]]);

    await expect(lost).rejects.toMatchObject({
      name: 'ConnectionError',
      message: 'the connection was lost: cut by the test',
    });
    expect(host.connections).toBe(4);
  });

  test('a command under a lost connection is unknown: neither repeated nor called done', async () => {
    const path = join(directory, 'count');
    host.beforeProgram = (program, cut) => {
      if (isAct(program)) cut();
    };

    const { statuses, result } = await run([[command, { shell: `echo x >> ${path}` }]]);

    expect(statuses).toEqual(['failed']);
    expect(result.error?.message).toContain('what was done is unknown');
    expect(host.connections).toBe(1);
  });

  test('after an interrupt a host that has work begins nothing', async () => {
    const path = join(directory, 'a');

    const { statuses, result } = await run([[file, { path, content: 'one\n' }]], {
      stopping: AbortSignal.abort(),
    });

    expect(statuses).toEqual([]);
    expect(result.status).toBe('skipped');
    expect(() => readFileSync(path)).toThrow();
  });

  test('after an interrupt a host whose changes have begun gets all of them', async () => {
    const path = join(directory, 'a');
    const stopping = new AbortController();
    host.beforeProgram = (program) => {
      if (isAct(program)) stopping.abort();
    };
    const tasks: TaskList = [
      [command, { argv: ['true'] }],
      [file, { path, content: 'one\n' }],
    ];

    const { statuses, result } = await run(tasks, { stopping: stopping.signal });

    expect(statuses).toEqual(['changed', 'changed']);
    expect(result.status).toBe('changed');
    expect(readFileSync(path, 'latin1')).toBe('one\n');
  });
});
