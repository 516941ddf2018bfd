import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { printing } from '../../src/steps/host-script.ts';
import { systemdUnit } from '../../src/steps/systemd-unit.ts';
import { judgeUnit } from '../../src/steps/unit-file.ts';
import { playOn } from '../engine/play.ts';
import { bind, fileOf, planTwice } from './observed.ts';
import { describeOnSystemd, systemdHost } from './systemd-host.ts';

const content = '[Service]\nExecStart=/bin/sleep 600\n[Install]\nWantedBy=multi-user.target\n';
const said = (...lines: readonly string[]) => printing(lines.map((line) => `${line}\n`).join(''));
const none = said('Manager=systemd', 'LoadState=not-found', 'ActiveState=inactive');
const running = said(
  'Manager=systemd',
  'LoadState=loaded',
  'ActiveState=active',
  'UnitFileState=enabled',
);
const top = { 'file:/etc/systemd/system': { type: 'directory' } };
const file = 'file:/etc/systemd/system/app.service';
const plan = (params: object, answers: Record<string, unknown>) =>
  planTwice(
    bind(systemdUnit, 'plain', v.parse(systemdUnit.params, { name: 'app.service', ...params })),
    {
      ...top,
      ...answers,
    },
  );
const wordsOf = (made: ReturnType<typeof plan>['first']) =>
  'changes' in made
    ? made.changes.map((one) =>
        'argv' in one ? one.argv.join(' ') : `${one.kind} ${'path' in one ? one.path : ''}`,
      )
    : made;
const path = '/etc/systemd/system/app.service';
const reload = 'systemctl daemon-reload';

describe('systemd_unit', () => {
  test.each([
    [{ content }, { output: none }, [`write ${path}`, reload]],
    [
      { content, state: 'started', enabled: true },
      { output: none },
      [
        `write ${path}`,
        reload,
        'systemctl enable -- app.service',
        'systemctl start -- app.service',
      ],
    ],
    [
      { content, state: 'started', enabled: true },
      { output: running, [file]: fileOf(content) },
      [],
    ],
    [
      { content, state: 'started' },
      { output: running, [file]: fileOf('[Service]\n') },
      [`write ${path}`, reload],
    ],
    [
      { content },
      {
        output: said('Manager=systemd', 'LoadState=loaded', 'NeedDaemonReload=yes'),
        [file]: fileOf(content),
      },
      [reload],
    ],
    [
      { content: '[Service]\nNice=5\n', dropin: 'nice' },
      { output: running, [`${file}.d`]: { type: 'absent' } },
      [`directory ${path}.d`, `write ${path}.d/nice.conf`, reload],
    ],
    [
      { state: 'absent' },
      { output: running, [file]: fileOf(content) },
      [
        'systemctl disable -- app.service',
        'systemctl stop -- app.service',
        `remove ${path}`,
        reload,
      ],
    ],
    [{ state: 'absent' }, { output: none }, []],
  ])('%j on %j takes %j', (params, answers, calls) => {
    const { first, second } = plan(params, answers);

    expect(wordsOf(first)).toEqual(calls);
    expect(wordsOf(second)).toEqual([]);
  });

  test.each([
    [{ content }, { output: said('Manager=openrc', 'LoadState=loaded') }, 'no systemd runs here'],
    [
      { content, enabled: true },
      { output: said('Manager=systemd', 'LoadState=masked') },
      'app.service is masked: nothing can start it',
    ],
  ])('refuses %j on %j', (params, answers, refusal) => {
    expect(plan(params, answers).first).toMatchObject({ refusal });
  });

  test.each([
    { name: 'app', content },
    { name: '../app.service', content },
    { name: 'app.service' },
    { name: 'app.service', content, state: 'absent' },
    { name: 'app.service', content, dropin: 'a/b' },
  ])('%j is refused', (params) => {
    expect(v.safeParse(systemdUnit.params, params).success).toBe(false);
  });
});

describe('judgeUnit', () => {
  test('refuses what systemd refuses, and repeats what it remarks', () => {
    const refused = 'a.service: Service has no ExecStart=, ExecStop=, or SuccessAction=. Refusing.';
    const remark = "a.service:3: Unknown key name 'Foo' in section 'Service', ignoring.";

    expect(judgeUnit('a.service', said(remark, refused, 'b.service: Refusing.'))).toMatchObject({
      refusal: `systemd does not take ${refused}`,
    });
    expect(judgeUnit('a.service', said(remark, 'b.service:1: nothing of ours'))).toEqual({
      message: remark,
    });
    expect(judgeUnit('a.service', said())).toEqual({ message: null });
  });
});

describeOnSystemd('systemd_unit on a host', () => {
  const host = systemdHost();

  test('a unit comes, changes and goes, as a check says', async () => {
    const task = (params: object) =>
      `systemd_unit: ${JSON.stringify({ name: 'app.service', ...params })}`;
    const properties = ['-P', 'ActiveState', '-P', 'UnitFileState', '-P', 'Nice'];
    for (const [params, wanted] of [
      [{ content, state: 'started', enabled: true }, ['0', 'active', 'enabled']],
      [
        { content: '[Service]\nNice=5\n', dropin: 'nice', state: 'started' },
        ['5', 'active', 'enabled'],
      ],
      [{ state: 'absent' }, ['0', 'inactive']],
    ] as const) {
      const check = await playOn(host, task(params), { check: true });
      const apply = await playOn(host, task(params));
      const again = await playOn(host, task(params));

      expect(apply).toMatchObject({ status: 'changed' });
      expect(check.changes).toEqual(apply.changes);
      expect({ params, ...again }).toMatchObject({ params, status: 'ok', changes: [] });
      const { stdout } = await host.lab.exec(['systemctl', 'show', ...properties, 'app']);
      expect(stdout.trim().split(/\n+/)).toEqual(wanted);
    }
    expect(await playOn(host, task({ content: '[Service]\nType=simple\n' }))).toMatchObject({
      status: 'failed',
      message: expect.stringContaining(
        'systemd does not take app.service: Service has no ExecStart=',
      ),
    });
    expect(await playOn(host, task({ content: `${content}Foo=1\n` }))).toMatchObject({
      status: 'changed',
      message: expect.stringMatching(/Unknown key.*Foo/),
    });
  });
});
