import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { queryKey } from '../../src/host/query.ts';
import { printing } from '../../src/steps/host-script.ts';
import { timer } from '../../src/steps/timer.ts';
import { timerFile, timerServiceFile } from '../../src/steps/timer-files.ts';
import { playOn } from '../engine/play.ts';
import { until } from '../until.ts';
import { bind, fileOf, planTwice } from './observed.ts';
import { describeOnSystemd, systemdHost } from './systemd-host.ts';

const said = (...lines: readonly string[]) => printing(lines.map((line) => `${line}\n`).join(''));
const none = said('Manager=systemd', 'LoadState=not-found');
const on = said(
  'Manager=systemd',
  'LoadState=loaded',
  'ActiveState=active',
  'UnitFileState=enabled',
);
const base = { name: 'tidy', argv: ['/usr/bin/tidy', '-q'], on_calendar: 'daily' };
const spec = {
  ...{ name: 'tidy', description: 'tidy', argv: base.argv, onCalendar: ['daily'], user: null },
  ...{ directory: null, environment: {}, onBoot: null, onUnitActive: null },
  ...{ randomizedDelay: null, isPersistent: true },
};
const directory = '/etc/systemd/system';
const files = {
  [`file:${directory}/tidy.service`]: fileOf(timerServiceFile(spec)),
  [`file:${directory}/tidy.timer`]: fileOf(timerFile(spec)),
};

/** The plan where the unit is so, and systemd says this of the times. */
function plan(params: object, state: unknown, answers: object = {}, times: unknown = said()) {
  const bound = bind(timer, 'plain', v.parse(timer.params, params));
  const outputs = bound.queries.filter(({ kind }) => kind === 'output').map(queryKey);
  const [unit = '', judged = ''] = outputs;
  return planTwice(bound, { ...answers, [unit]: state, [judged]: times });
}
const wordsOf = (made: ReturnType<typeof plan>['first']) =>
  'changes' in made
    ? made.changes.map((one) =>
        'argv' in one ? one.argv.join(' ') : `${one.kind} ${'path' in one ? one.path : ''}`,
      )
    : made;
const writes = [`write ${directory}/tidy.service`, `write ${directory}/tidy.timer`];
const reload = 'systemctl daemon-reload';

describe('timer', () => {
  test.each([
    [
      base,
      none,
      {},
      [...writes, reload, 'systemctl enable -- tidy.timer', 'systemctl start -- tidy.timer'],
    ],
    [base, on, files, []],
    [{ ...base, enabled: false }, none, {}, [...writes, reload]],
    [
      { ...base, enabled: false },
      on,
      files,
      ['systemctl disable -- tidy.timer', 'systemctl stop -- tidy.timer'],
    ],
    [{ ...base, user: 'nobody' }, on, files, [writes[0], reload]],
    [
      { name: 'tidy', state: 'absent' },
      on,
      files,
      [
        ...['systemctl disable -- tidy.timer', 'systemctl stop -- tidy.timer'],
        ...[`remove ${directory}/tidy.service`, `remove ${directory}/tidy.timer`, reload],
      ],
    ],
    [{ name: 'tidy', state: 'absent' }, none, {}, []],
  ])('%j takes its calls', (params, state, answers, calls) => {
    const { first, second } = plan(params, state, answers);

    expect(wordsOf(first)).toEqual(calls);
    expect(wordsOf(second)).toEqual([]);
  });

  test('one that runs gets its new times by a restart', () => {
    expect(wordsOf(plan({ ...base, on_calendar: 'weekly' }, on, files).first)).toEqual([
      ...[writes[1], reload, 'systemctl restart -- tidy.timer'],
    ]);
  });

  test('where no systemd runs it says what to do', () => {
    expect(plan(base, said('Manager=openrc', 'LoadState=not-found')).first).toMatchObject({
      refusal: 'no systemd runs here, which has timers',
      hint: 'the step "cron" runs commands at times on any host',
    });
  });

  test('a time that systemd does not understand is refused', () => {
    expect(
      plan({ ...base, on_calendar: 'dally' }, none, {}, said('Bad=dally')).first,
    ).toMatchObject({
      refusal: 'systemd does not understand the time "dally"',
    });
  });

  test.each([
    { ...base, argv: undefined },
    { ...base, command: 'x' },
    { ...base, on_calendar: undefined },
    { ...base, on_calendar: 'daily\nUnit=x' },
    { ...base, argv: ['tidy'] },
    { ...base, argv: ['/a', '\r'] },
    { ...base, description: 'a\nb' },
    { ...base, name: 'a/b' },
    { ...base, environment: { '1': 'x' } },
  ])('%j is refused', (params) => {
    expect(v.safeParse(timer.params, params).success).toBe(false);
  });
});

describeOnSystemd('timer on a host', () => {
  const host = systemdHost();

  test('runs its command word for word, and goes, as a check says', {
    timeout: 120_000,
  }, async () => {
    const odd = ['a b', '$HOME $'.concat('{X}'), '100%n', '"\'\\', 'x\ty\nz', 'é', ''];
    const script = 'printf "<%s>" "$X" "$@" >/root/words.new && mv /root/words.new /root/words';
    const argv = ['/bin/sh', '-c', script, 'sh', ...odd];
    const params = { name: 'tell', argv, on_boot: '1s', environment: { X: 'a $b %c "d"' } };
    for (const each of [params, { name: 'tell', state: 'absent' }]) {
      const task = `timer: ${JSON.stringify(each)}`;
      const check = await playOn(host, task, { check: true });
      const apply = await playOn(host, task);
      const again = await playOn(host, task);

      expect(apply).toMatchObject({ status: 'changed' });
      expect(check.changes).toEqual(apply.changes);
      expect({ each, ...again }).toMatchObject({ each, status: 'ok', changes: [] });
      // a timer's usual accuracy is a minute (systemd.timer(5))
      const hasRun = async () => (await host.lab.exec(['test', '-e', '/root/words'])).code === 0;
      await until(hasRun, 90_000);
      expect((await host.lab.readFile('/root/words')).toString()).toBe(
        [params.environment.X, ...odd].map((one) => `<${one}>`).join(''),
      );
    }
    expect(
      await playOn(host, 'timer: { name: a, command: x, on_calendar: "25:00" }'),
    ).toMatchObject({
      status: 'failed',
      message: 'systemd does not understand the time "25:00"',
    });
  });
});
