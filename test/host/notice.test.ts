import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { leaveNotice, takeNotice } from '../../src/engine/notices.ts';
import { change } from '../../src/host/change.ts';
import { noticeCall } from '../../src/host/notice.ts';
import { compound } from '../../src/host/program.ts';
import type { Handler } from '../../src/playbook/keywords.ts';
import { describeShells, RunningShell, temporaryDirectory } from './shells.ts';
import { namesIn } from './writes.ts';

const handlers = ['reload', "it's $(id)"].map((name) => ({ name }) as Handler);

describe('noticeCall', () => {
  test('is another way to leave a note, and to take it', () => {
    const [first = handlers[0]] = handlers;

    expect(noticeCall(leaveNotice(handlers))).toMatch(
      /^xp_leave_notice '[\da-f]{16}' '[\da-f]{16}'$/,
    );
    expect(first === undefined ? '' : noticeCall(takeNotice(first))).toMatch(
      /^xp_take_notice '[\da-f]{16}'$/,
    );
  });

  test('is none of any other command', () => {
    const effects = { effect: 'live', before: '', after: 'x', predicts: [], touches: [] } as const;
    const subject = 'notified handlers';
    const words = ['/bin/sh', '-c', 'true', 'notified'];
    const name = '0123456789abcdef';

    expect(noticeCall(change.command(words, null))).toBeNull();
    expect(noticeCall(change.call([...words, name], { ...effects, subject: 'x' }))).toBeNull();
    for (const argv of [words, [...words, '../x'], ['/bin/sh', '-c', 'true', 'x', name]]) {
      expect(noticeCall(change.call(argv, { ...effects, subject }))).toBeNull();
    }
    expect(
      noticeCall(change.call([...words, name], { ...effects, subject, user: 'nobody' })),
    ).toBeNull();
  });
});

describeShells('a note', (shell) => {
  test('is for nobody else, and gone once it is taken', async () => {
    await using running = new RunningShell(shell);
    const home = temporaryDirectory();
    await running.call(`XP_HOME='${home}'`);
    running.send(compound(['act-notices.sh'], running.known, ['xp_done']));
    await running.sections();

    const left = await running.call('xp_leave_notice aa bb && xp_leave_notice bb cc && umask');
    const names = namesIn(join(home, 'notified'));
    const modes = ['notified', 'notified/aa'].map((one) => statSync(join(home, one)).mode & 0o777);
    const taken = await running.call('xp_take_notice aa && xp_take_notice dd');

    expect(left).toMatchObject({ status: 0, body: expect.stringMatching(/^0*22\n$/) });
    expect([names, modes]).toEqual([
      ['aa', 'bb', 'cc'],
      [0o700, 0o600],
    ]);
    expect(taken.status).toBe(0);
    expect(namesIn(join(home, 'notified'))).toEqual(['bb', 'cc']);
  });

  test('that can not be left is a failure, and not the end of the shell', async () => {
    await using running = new RunningShell(shell);
    const home = temporaryDirectory();
    writeFileSync(join(home, 'notified'), '');
    mkdirSync(join(home, 'other/notified/aa'), { recursive: true });
    running.send(compound(['act-notices.sh'], running.known, []));

    const first = await running.call(`XP_HOME='${home}'; xp_leave_notice aa`);
    const second = await running.call(`XP_HOME='${home}/other'; xp_leave_notice aa bb`);

    expect(first.status).not.toBe(0);
    expect(second.status).not.toBe(0);
    expect(existsSync(join(home, 'other/notified/bb'))).toBe(false);
  });
});
