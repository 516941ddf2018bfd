import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { queryKey } from '../../src/host/query.ts';
import { cron } from '../../src/steps/cron.ts';
import { withJob, withVariable } from '../../src/text/cron-edit.ts';
import { playbookOnPrivateHost } from '../engine/playbook-on-private-host.ts';
import { hasPrivateHosts } from '../engine/private-host.ts';
import { complaints, edited } from './edited.ts';
import { bind, planTwice } from './observed.ts';

const { PATH } = process.env;
const path = '/etc/cron.d/backup';
const edit = (params: object, text: string | null) =>
  edited(cron, { name: 'b', cron_file: 'backup', ...params }, path, text);

describe('cron', () => {
  test.each<[string, object, string | null, string | null]>([
    [
      'makes a file',
      { job: 'x', minute: 5, hour: '*/2' },
      null,
      '# xpush: b\n5 */2 * * * root x\n',
    ],
    ['finds the job', { job: 'x', user: 'u' }, 'A=1\n# xpush: b\n* * * * * u x\n', null],
    [
      'changes the job',
      { job: 'y' },
      '# xpush: b\n* * * * * root x\n# c\n',
      '# xpush: b\n* * * * * root y\n# c\n',
    ],
    [
      "takes over Ansible's",
      { job: 'x' },
      '#Ansible: b\n1 * * * * root x\nC\n',
      '# xpush: b\n* * * * * root x\nC\n',
    ],
    [
      'has times with a name',
      { job: 'x', special_time: 'daily' },
      '',
      '# xpush: b\n@daily root x\n',
    ],
    ['comments it out', { job: 'x', disabled: true }, '', '# xpush: b\n#* * * * * root x\n'],
    ['takes it out', { state: 'absent' }, 'a\n# xpush: b\nx\nc\n', 'a\nc\n'],
    ['sets a variable', { env: true, name: 'PATH', job: '/bin' }, '# x\n', 'PATH="/bin"\n# x\n'],
    ['changes a variable', { env: true, name: 'A', job: '2' }, 'A = 1\n', 'A="2"\n'],
    ['takes a variable out', { env: true, name: 'A', state: 'absent' }, 'A=1\nB=1\n', 'B=1\n'],
  ])('%s', (_, params, text, expected) => {
    expect(edit(params, text)).toMatchObject({ text: expected, isSettled: true, refusal: null });
  });

  test('only the job changes, and once more is nothing', () => {
    const line = fc.constantFrom(
      '# xpush: a',
      '# xpush: b',
      '#Ansible: a',
      'x',
      '1 2 3 * * y',
      '',
      'A=1',
    );
    const job = fc.constantFrom('x', null, '0 0 * * * z');
    fc.assert(
      fc.property(fc.array(line), job, fc.boolean(), (lines, wanted, isEnded) => {
        const text = lines.join('\n') + (isEnded && lines.length > 0 ? '\n' : '');

        const made = withJob(text, { name: 'c', line: wanted });

        expect(withJob(made, { name: 'c', line: wanted })).toBe(made);
        expect(withJob(made, { name: 'c', line: null }).trimEnd()).toBe(text.trimEnd());
        const changed = withJob(text, { name: 'a', line: wanted });
        expect(withJob(changed, { name: 'a', line: wanted })).toBe(changed);
        expect(withVariable(withVariable(made, 'Z', '1'), 'Z', null).trimEnd()).toBe(
          made.trimEnd(),
        );
      }),
    );
  });

  const table = (params: object, stdout: string, more: object = {}) => {
    const bound = bind(cron, 'plain', { name: 'b', job: 'x', ...params });
    const [asked] = bound.queries;
    if (asked?.kind !== 'output') throw new Error('no crontab is asked for');
    const answer = { status: 0, stdout, stderr: '', isCut: false, isTimedOut: false, ...more };
    const key = JSON.stringify(asked.argv);
    return { key, ...planTwice(bound, answers(bound, answer)) };
  };

  test.each([
    ['Debian', { status: 1, stderr: 'no crontab for root' }],
    ['busybox', { status: 1, stderr: "crontab: can't open 'root': No such file or directory" }],
  ])('a user without a crontab gets one (%s)', (_, said) => {
    const { key, first, second } = table({ user: 'u' }, '', said);

    expect(key).toBe('["crontab","-u","u","-l"]');
    expect(first).toMatchObject({
      changes: [
        {
          ...{ kind: 'call', subject: 'crontab of u' },
          argv: expect.arrayContaining(['-u', 'u']),
          stdin: '# xpush: b\n* * * * * x\n',
        },
      ],
    });
    expect(second).toMatchObject({ changes: [] });
  });

  test.each([
    ['is as it was', 'A=1\n', 0],
    ['has changed since', 'A=2\n', 1],
  ])('a crontab that %s', (_, now, status) => {
    const { first } = table({}, 'A=1\n');
    const [call] = 'changes' in first ? first.changes : [];
    if (call?.kind !== 'call') throw new Error('no call');
    const directory = mkdtempSync(join(tmpdir(), 'xpush-cron-'));
    writeFileSync(join(directory, 'now'), now);
    const crontab = `#!/bin/sh\ncd ${directory}\ncase $1 in -l) cat now ;; -) cat > now ;; esac\n`;
    writeFileSync(join(directory, 'crontab'), crontab, { mode: 0o755 });

    const [program = '', ...args] = call.argv;
    const run = spawnSync(program, args, {
      input: String(call.stdin),
      env: { PATH: `${directory}:${PATH}` },
    });

    const left = readFileSync(join(directory, 'now'), 'utf8');
    rmSync(directory, { recursive: true });
    expect(run.status).toBe(status);
    expect(left).toBe(status === 0 ? 'A=1\n# xpush: b\n* * * * * x\n' : now);
  });

  test.each([
    [{ status: 127 }, 'there is no crontab(1)'],
    [{ status: 1, stderr: 'you may not' }, "the crontab can't be read: you may not"],
    [{ isCut: true }, "the crontab can't be read: it is no text"],
  ])('refuses where crontab says %j', (said, refusal) => {
    expect(table({}, '', said).first).toMatchObject({ refusal });
  });

  test.each<[object, RegExp]>([
    [{}, /a "job" is needed/],
    [{ job: 'a\nb' }, /one line/],
    [{ job: 'a', minute: '* * * root x' }, /not a time/],
    [{ job: 'a', minute: 1, special_time: 'daily' }, /in place of/],
    [{ job: 'a', cron_file: '../x' }, /cron reads files/],
    [{ job: 'a', cron_file: 'a.b' }, /cron reads files/],
    [{ job: 'a"', name: 'A', env: true }, /not a variable/],
  ])('refuses %j', (params, message) => {
    expect(complaints(cron, { name: 'n', ...params }).join('\n')).toMatch(message);
  });
});

function answers(bound: ReturnType<typeof bind>, answer: object): Record<string, unknown> {
  return Object.fromEntries(bound.queries.map((asked) => [queryKey(asked), answer]));
}

describe.runIf(hasPrivateHosts)('cron on a host', () => {
  const host = playbookOnPrivateHost();

  test("busybox's crontab has the jobs of root", async () => {
    host.sh('mkdir -p /var/spool/cron/crontabs');
    host.sh('mkdir /root/bin && ln -s "$(command -v busybox)" /root/bin/crontab');
    host.sh('mount --bind /root/bin /usr/local/sbin');
    const lines = await host.runThrice(`
  - { name: first, cron: { name: a, job: "echo a", hour: 3, minute: 0 } }
  - { name: variable, cron: { name: MAILTO, job: ops, env: true } }
  - { name: file, cron: { name: a, job: "echo a", cron_file: mine, special_time: reboot } }
`);
    expect(lines).toEqual(['first changed', 'variable changed', 'file changed']);
    expect(host.sh('crontab -l; cat /etc/cron.d/mine')).toBe(
      'MAILTO="ops"\n# xpush: a\n0 3 * * * echo a\n# xpush: a\n@reboot root echo a\n',
    );
  });
});
