import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { LegTasks } from '../../src/engine/leg-tasks.ts';
import { type HostedPlay, planLegs } from '../../src/engine/legs.ts';
import { PlanRecorder, type RecordedHost } from '../../src/engine/plan-recorder.ts';
import { predict } from '../../src/engine/predict.ts';
import { change } from '../../src/host/change.ts';
import { query } from '../../src/host/query.ts';
import { nothingTold } from '../../src/playbook/knowledge.ts';
import { command } from '../../src/steps/command.ts';
import { defineStep } from '../../src/steps/step.ts';
import { fleet } from './fleet.ts';
import { hostWith } from './known-host.ts';

const inventory = await fleet(1, 1);
const path = '/etc/motd';

const file = defineStep({
  ...{ name: 'file', summary: 'Writes a file.', on: ['dom0', 'domU'] },
  params: v.strictObject({ content: v.string() }),
  queries: () => ({ old: query.file(path) }),
  plan: (_target, { content }, { old }) =>
    content === 'wrong'
      ? { refusal: 'that is wrong', hint: null }
      : { changes: change.writeFile(path, content, old, { effect: 'boot' }) },
});

const route = defineStep({
  ...{ name: 'route', summary: 'Adds a rule.', on: ['dom0', 'domU'] },
  params: v.strictObject({ table: v.number() }),
  queries: () => ({ rules: query.rules(4), routes: query.routes(4) }),
  plan: (_target, { table }, before) => {
    const parts = { to: null, iif: null, oif: null, rest: '' };
    const rule = { priority: 1000, from: '10.0.0.1/32', table, ...parts };
    return { changes: change.routing(4, [{ verb: 'add', object: 'rule', rule }], before) };
  },
});

const write = (content: string) => ({
  ...{ name: `write ${content}`, step: file, params: { content } },
});
const ruled = (table: number) => ({ name: `rule ${table}`, step: route, params: { table } });
const run = (line: string, creates?: string, network = false) => ({
  ...{ name: line, step: command, network },
  params: { shell: line, ...(creates === undefined ? {} : { creates }) },
});
type Task = ReturnType<typeof write> | ReturnType<typeof ruled> | ReturnType<typeof run>;

const play = (host: string, ...tasks: readonly Task[]): HostedPlay => ({
  play: { name: `on ${host}`, tasks },
  hosts: new Set([host]),
});
/** A play of the other side of its Xen pair: the host's plays around it are legs of their own. */
const between = play('x1-1', run('guest'));

const host = hostWith([
  [query.file(path), { type: 'absent' }],
  [query.file('/'), { type: 'directory' }],
  [query.file('/etc/done'), { type: 'absent' }],
  [query.aliases(['/etc/done']), new Map()],
  [query.rules(4), { entries: [], fingerprint: 'as listed' }],
  [query.routes(4), { entries: [], fingerprint: 'as listed' }],
]);

/** As a check goes: each leg looks at the host anew, and nothing was done to it. */
function recorded(...plays: readonly HostedPlay[]) {
  const found: RecordedHost[] = [];
  const recorder = new PlanRecorder(plays, (_name, one) => found.push(one));
  for (const leg of planLegs(recorder.plays, inventory)) {
    const tasks = new LegTasks(leg, inventory, nothingTold, (event) => recorder.note(event));
    predict(tasks, host);
  }
  recorder.note({
    ...{ event: 'host_end', host: 'x1', kind: 'dom0', status: 'changed' },
    ...{ error: null, seconds: 1 },
  });
  return found[0]?.tasks ?? [];
}

/** What the tasks are known to do: contents, tables and lines; null: that is unknown. */
const known = (...plays: readonly HostedPlay[]) =>
  recorded(...plays).map(
    ({ plan }) =>
      plan?.changes.map((one) => {
        if (one.kind === 'write') return one.content;
        return one.kind === 'command' ? one.argv.at(-1) : one.kind;
      }) ?? null,
  );

describe('PlanRecorder', () => {
  test('keeps what each task does, in a window or not, and what its commands depend on', () => {
    const tasks = recorded(play('x1', write('a'), run('reboot', '/etc/done', true)));

    expect(tasks).toMatchObject([
      { play: 0, task: 0, plan: { changes: [{ path, content: 'a' }] } },
      {
        ...{ play: 0, task: 1, plan: { changes: [{ argv: ['/bin/sh', '-c', 'reboot'] }] } },
        found: [{ path: '/etc/done', exists: false }],
      },
    ]);
  });

  test('what follows a command is unknown, unless it is one on no conditions', () => {
    expect(known(play('x1', write('a'), run('b'), run('c'), write('d'), run('e')))).toEqual([
      ...[['a'], ['b'], ['c'], null, null],
    ]);
    expect(known(play('x1', run('a'), run('b', '/etc/done')))).toEqual([['a'], null]);
  });

  test('a task that is refused is unknown, and so is what comes after it', () => {
    expect(known(play('x1', write('a'), write('wrong'), write('b')))).toEqual([['a'], null, null]);
  });

  test('a later leg goes on from what the earlier one makes of the host', () => {
    expect(known(play('x1', write('a')), between, play('x1', write('a'), write('b')))).toEqual([
      ...[['a'], [], ['b']],
    ]);
    expect(known(play('x1', run('a')), between, play('x1', write('b')))).toEqual([['a'], null]);
  });

  test('what an earlier leg makes of routes is for the host to spell: they are unknown then', () => {
    expect(known(play('x1', ruled(1), ruled(2)))).toEqual([['routing'], ['routing']]);
    expect(known(play('x1', ruled(1)), between, play('x1', write('a')))).toEqual([
      ...[['routing'], ['a']],
    ]);
    expect(known(play('x1', ruled(1)), between, play('x1', ruled(2), write('a')))).toEqual([
      ...[['routing'], null, null],
    ]);
  });
});
