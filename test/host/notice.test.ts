import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { change } from '../../src/host/change.ts';
import { leaveNotice, noticeCall, takeNotice } from '../../src/host/notice.ts';
import { compound } from '../../src/host/program.ts';
import { quoteAll } from '../../src/host/quote.ts';
import { describeShells, RunningShell, temporaryDirectory } from './shells.ts';
import { namesIn } from './writes.ts';

const names = ['0123456789abcdef', 'fedcba9876543210'];

describe('noticeCall', () => {
  test('is another way to leave a note, and to take it', () => {
    expect(noticeCall(leaveNotice(names))).toBe(`xp_leave_notice ${quoteAll(names)}`);
    expect(noticeCall(takeNotice('0a'))).toBe("xp_take_notice '0a'");
  });

  test('is none of any other command, though it looks alike', () => {
    const left = leaveNotice(names);
    const { argv } = left;

    expect(noticeCall(change.command(argv, null))).toBeNull();
    expect(noticeCall({ ...left, subject: 'x' })).toBeNull();
    expect(noticeCall({ ...left, user: 'nobody' })).toBeNull();
    expect(noticeCall({ ...left, stdin: 'x' })).toBeNull();
    expect(noticeCall({ ...left, argv: argv.slice(0, 4) })).toBeNull();
    expect(noticeCall({ ...left, argv: argv.toSpliced(2, 1, 'true') })).toBeNull();
    expect(noticeCall({ ...takeNotice('aa'), argv: [...takeNotice('aa').argv, 'bb'] })).toBeNull();
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
