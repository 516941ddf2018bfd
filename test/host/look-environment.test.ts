import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Query, query, queryKey } from '../../src/host/query.ts';
import {
  bash,
  dash,
  describeShells,
  hasTool,
  isRoot,
  RunningShell,
  type Shell,
  shells,
  temporaryDirectory,
  unshared,
} from './shells.ts';

const directory = temporaryDirectory();
const at = (name: string) => join(directory, name);
writeFileSync(at('plain'), 'content 0\n');
writeFileSync(at('empty'), '');

const asked: readonly Query[] = [
  query.file(at('plain')),
  query.file(at('empty')),
  query.file(at('nowhere')),
  query.parameter('kernel.ostype'),
  query.parameter('kernel.nothing'),
  query.tool('sh'),
  query.tool('no-such-tool'),
];
const answers = [
  { type: 'file', size: 10, content: 'content 0\n' },
  { type: 'file', size: 0, content: '' },
  { type: 'absent' },
  'Linux',
  null,
  true,
  false,
];

async function answersOf(running: RunningShell, queries: readonly Query[]): Promise<unknown[]> {
  const observations = await running.observe(queries);
  return queries.map((one) => {
    const observation = observations.get(queryKey(one));
    return observation !== undefined && 'answer' in observation ? observation.answer : observation;
  });
}

describeShells('compileLook', (shell) => {
  test.each([
    ['variables that tools obey', { LS_BLOCK_SIZE: 'K', BLOCK_SIZE: '1', QUOTING_STYLE: 'c' }],
    ['formats of time', { TIME_STYLE: '+%s\n%s', TZ: 'Asia/Kolkata' }],
    ['locales', { LC_ALL: 'tr_TR.UTF-8', LANG: 'de_DE', LANGUAGE: 'de' }],
    ['strict POSIX', { POSIXLY_CORRECT: '1', POSIX_ME_HARDER: '1' }],
    ['separators and directories', { IFS: 'a/', CDPATH: '/', ENV: '/etc/passwd' }],
    ['options of grep', { GREP_OPTIONS: '--color=always -v', GREP_COLOR: '1' }],
    ['a prompt that runs commands', { PS4: '$(touch /pwned)', BASH_ENV: '/etc/passwd' }],
    ['no PATH', { PATH: '' }],
  ])('is not misled by %s', async (_what, env) => {
    await using running = new RunningShell(shell, {
      env: { ...env, PATH: 'PATH' in env ? `${env.PATH}${shell.path}` : shell.path },
    });

    expect(await answersOf(running, asked)).toMatchObject(answers);
  });

  test('makes tools speak the C locale, as some messages are read', async () => {
    await using running = new RunningShell(shell, { env: { LC_ALL: 'C.UTF-8', LANG: 'C.UTF-8' } });

    expect((await running.call('sh -c \'echo "$LC_ALL"\'')).body).toBe('C\n');
  });

  test('is not misled by options that are set', async () => {
    await using running = new RunningShell(shell);
    running.send('set -u; set -x; set -f; set -e; set -C; set -a; IFS=/\n');

    expect(await answersOf(running, asked)).toMatchObject(answers);
  });

  test.runIf(isRoot)('needs no place to write to', async () => {
    await using running = new RunningShell(shell, {
      wrapper: unshared('-m', readOnly),
    });

    expect(await answersOf(running, asked)).toMatchObject(answers);
    expect(await running.call(`echo x >${at('written')}`)).not.toMatchObject({ status: 0 });
  });
});

/** Makes all file systems read-only. */
const readOnly = `
  awk '{ print $2 }' /proc/self/mounts | while read -r place; do
    mount -o remount,bind,ro "$place" 2>/dev/null
  done`;

describe('compileLook (bash)', () => {
  test.each(['ls', 'head', 'grep', 'printf', 'echo', 'command', 'test', 'cat', 'sed', 'sha256sum'])(
    'is not misled by an exported function %s',
    async (name) => {
      const body = name === 'echo' ? '() { builtin printf "fake\\n"; }' : '() { echo fake; }';
      await using running = new RunningShell(bash, { env: { [`BASH_FUNC_${name}%%`]: body } });

      expect(await answersOf(running, asked)).toMatchObject(answers);
    },
  );

  test('is not misled by SHELLOPTS', async () => {
    const SHELLOPTS = 'allexport:errexit:noclobber:noglob:nounset:verbose:xtrace';
    await using running = new RunningShell(bash, { env: { SHELLOPTS, PS4: '$(echo x >&2)' } });

    expect(await answersOf(running, asked)).toMatchObject(answers);
  });
});

const canTrace = hasTool('strace');
if (!canTrace) process.stderr.write('skipped: system calls, as strace is missing\n');

describe.runIf(canTrace && isRoot)('compileLook, traced', () => {
  /** System calls of one look, in a shell that has looked before. */
  async function trace(shell: Shell, calls: string, queries: readonly Query[]) {
    const log = join(temporaryDirectory(), 'log');
    const strace = ['/usr/bin/strace', '-f', '-o', log, '-e', `trace=${calls}`];
    await using running = new RunningShell(shell, {
      wrapper: ['/usr/bin/unshare', '-n', ...strace],
    });
    await running.observe([query.file(at('plain'))]);
    const before = readFileSync(log, 'latin1').length;
    await running.observe(queries);
    await running.close();
    return readFileSync(log, 'latin1').slice(before).split('\n');
  }

  const files = ['plain', 'empty', 'nowhere'].map((name) => query.file(at(name)));
  const guest = [...files, query.interfaces(), query.rules(4), query.routes(4)];
  const dom0 = [
    ...[...files, query.session(), query.tool('ip'), query.parameter('net.ipv4.ip_forward')],
    query.chains(4, 'FORWARD', 'XPUSH-FORWARD'),
  ];
  const more = [
    ...[query.rules(6), query.routes(6), query.proxies(), query.chains(6, 'FORWARD')],
    ...[query.directory(directory, ''), query.path({ to: '10.0.0.1' }), query.path({ to: '::1' })],
  ];

  test.each([
    ['guest', guest],
    ['dom0', dom0],
    ['guest of both families', [...files, query.interfaces(), query.rules(6), query.routes(6)]],
    ['directory and its files', [...files, query.directory(directory, '')]],
  ])('a %s costs at most 6 programs', async (_what, queries) => {
    const calls = await trace(dash, 'execve', queries);

    const executed = calls.filter((line) => / = 0$/.test(line));
    expect(executed.length).toBeGreaterThan(0);
    expect(executed.length).toBeLessThanOrEqual(6);
  });

  test.each(shells)('nothing is opened for writing or changed by name ($name)', async (shell) => {
    const naming =
      'unlink,unlinkat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat';
    const changing = 'chmod,fchmod,fchmodat,chown,fchown,fchownat,truncate,ftruncate,mknod,mknodat';
    const calls = await trace(shell, `open,openat,creat,${naming},${changing}`, [
      ...guest,
      ...dom0,
      ...more,
    ]);

    const opened = calls.filter((line) => /\b(open|openat|creat)\(/.test(line));
    const written = opened.filter((line) => /O_WRONLY|O_RDWR|O_CREAT|creat\(/.test(line));
    expect(opened.length).toBeGreaterThan(0);
    expect(written.filter((line) => !line.includes('"/dev/null"'))).toEqual([]);
    expect(calls.filter((line) => /\(/.test(line) && !opened.includes(line))).toEqual([]);
  });
});
