import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LabHost } from '../../src/lab/lab.ts';
import { labDescribe } from '../lab-tier.ts';
import { until } from '../until.ts';
import { lockOut } from './faults/changes.ts';
import {
  canary,
  expectNoTrace,
  filesIn,
  left,
  networkTasks,
  SecretRoom,
  searching,
  shows,
  tasks,
  traces,
} from './secret-room.ts';

const digest = createHash('sha256').update(canary).digest('hex');
const soon = ['--confirm-timeout', '4'];
const loud = ['-vv', '--diff'];

/** The command prints the secret in two ways, and changes what a window undoes. */
const printing = 'tee /dev/stderr; ip rule add pref 1100 lookup 16';
const waiting = `${printing}; touch /run/waiting; until [ -e /run/go ]; do sleep 0.05; done`;

const describe = await labDescribe();

let room: SecretRoom;
beforeAll(async () => {
  room = await SecretRoom.open();
});
afterAll(async () => {
  await room?.[Symbol.asyncDispose]();
});

const waits = (host: LabHost): Promise<void> =>
  until(async () => {
    return (await host.exec(['test', '-e', '/run/waiting'])).code === 0;
  }, 40_000);

// CVE-2024-8775, CVE-2024-0690, CVE-2020-14332, CVE-2019-14864, CVE-2018-16876: values that were to be
// hidden, and were shown by another view, in a loop, in a check, by -vvv, by a failure
describe('a secret', () => {
  const views: readonly (readonly string[])[] = [
    ['-o', 'plain'],
    ['-o', 'plain', '-v'],
    ['-o', 'plain', ...loud],
    ['-o', 'json', '--diff'],
    ['-o', 'ndjson', '-vv'],
    ['-o', 'junit'],
    ['--check', '--diff', '-o', 'json'],
    ['--check', '-vv'],
  ];

  test.concurrent('reaches the command whole', async () => {
    const { name } = room.take();
    const run = await room.apply(tasks([`sha256sum | grep -q ${digest}`]), '-l', name);

    expect(run.code, run.stderr).toBe(0);
    expectNoTrace(run);
  });

  test.concurrent('is what a file holds that copy writes, and is shown by nothing', async () => {
    const host = room.take();
    const book = (more: string) => `- hosts: all
  tasks:
    - copy: { content: !secret db, dest: /usr/local/secret, mode: "0600"${more} }
`;
    const check = await room.apply(book(''), '-l', host.name, '--check', '--diff', '-o', 'json');
    const run = await room.apply(book(''), '-l', host.name, '--diff', '-o', 'json', '-vv');
    const again = await room.apply(
      book(', backup: true, validate: "! grep -q . %s"'),
      ...['-l', host.name, '--diff', '-o', 'plain', ...loud],
    );

    for (const one of [check, run, again]) {
      expect(one.code, one.stderr).toBe(0);
      expectNoTrace(one);
    }
    expect(check.stdout).toContain('content differs (secret)');
    expect(run.stdout).toContain('content differs (secret)');
    expect((await host.readFile('/usr/local/secret')).toString()).toBe(canary);

    await host.writeFile('/usr/local/secret', 'old', 0o600);
    const refused = await room.apply(
      book(', backup: true, validate: "cat %s; false"'),
      ...['-l', host.name, '-o', 'plain', ...loud],
    );
    expect(refused.code).toBe(1);
    expectNoTrace(refused);
    expect((await host.readFile('/usr/local/secret')).toString()).toBe('old');
  });

  test.concurrent.each(views.map((view) => [view.join(' '), view] as const))(
    'is in no view of what a command prints: %s',
    async (_name, view) => {
      const { name } = room.take();
      const page = join(room.fleet.lab.directory, `${name}.html`);
      const playbook = tasks([...shows, 'tee /dev/stderr; exit 3']);

      const run = await room.apply(playbook, '-l', `${name},dead`, ...view, '--report', page);

      const isCheck = view.includes('--check');
      expect(run.code, run.stderr).toBe(isCheck ? 3 : 1);
      expectNoTrace(run);
      expect(traces(await readFile(page, 'utf8'))).toEqual([]);
      if (!isCheck) expect(run.stdout + run.stderr).toContain('***');
    },
  );

  test.concurrent.each([['plainly'], ['loudly', ...loud]])(
    'is not on a terminal, %s',
    async (_name, ...view) => {
      const { name } = room.take();
      const args = ['-l', `${name},dead`, ...view];
      expectNoTrace(await room.onTerminal(tasks([...shows, 'cat; exit 3']), ...args));
    },
  );

  test.concurrent('is in no other verb', async () => {
    const { file } = room.fleet;
    const { name } = room.take();
    const only = ['-l', `${name},dead`];
    const listed = await room.xpush('inventory', file, '--list', ...room.secrets);
    expect(listed.stdout).toContain('"password": "***"');
    expectNoTrace(listed);

    const verbs = [
      ['inventory', file, '--host', 'dead', ...room.secrets],
      ['inventory', file, ...room.secrets],
      ['verify', file, ...only, ...room.secrets],
      ['facts', file, '-o', 'json', ...only, ...room.secrets],
      ['status', file, '-o', 'json', ...only, ...room.secrets],
    ];
    for (const run of await Promise.all(verbs.map((args) => room.xpush(...args)))) {
      expectNoTrace(run);
    }
  });

  test.concurrent('is in no plan, which does without the task that needs it', async () => {
    const host = room.take();
    const out = join(room.fleet.lab.directory, 'fleet.plan');
    const playbook = await room.write(
      `- hosts: all\n  tasks:\n    - sysctl: { name: net.ipv4.conf.eth0.rp_filter, value: 2 }\n${tasks([printing, 'cat'])}`,
    );
    const given = ['-l', host.name, ...room.secrets, ...loud];

    const planned = await room.xpush('plan', room.fleet.file, playbook, '--out', out, ...given);
    expect(planned.code, planned.stderr).toBe(0);
    expectNoTrace(planned);
    expect(traces(await readFile(out, 'utf8'))).toEqual([]);

    const applied = await room.xpush('apply', '--plan', out, ...loud);
    expect(applied.code, applied.stderr).toBe(0);
    expectNoTrace(applied);
    expect(applied.stderr + applied.stdout).toMatch(
      new RegExp(`Not done on ${host.name}: command \\(it uses a secret, which no plan holds`),
    );
    expect((await host.readFile('/proc/sys/net/ipv4/conf/eth0/rp_filter')).toString()).toBe('2\n');
  });

  test.concurrent('is in nothing that an interrupted run says', async () => {
    const host = room.take();
    const run = await room.begin(tasks([waiting, 'cat']), '-l', host.name, '-o', 'ndjson', '-vv');
    await waits(host);

    run.kill('SIGINT');
    await until(() => run.said().includes('Interrupted'));
    run.kill('SIGTERM');
    await run.ended;

    await host.exec(['touch', '/run/go']);
    expect(traces(run.said())).toEqual([]);
  });

  test.concurrent('that cannot be had is said before any host is contacted', async () => {
    const { name } = room.take();
    const { secrets } = room;
    const cases: readonly (readonly [string, readonly string[], string])[] = [
      ['!secret none', secrets, 'has no "none"'],
      ['!secret short', secrets, 'has fewer than 4 characters'],
      ['!secret db', [], 'no file of secrets is given'],
      ['!secret { env: XPUSH_TEST_NOTHING }', [], 'the environment has no XPUSH_TEST_NOTHING'],
      [
        '!secret { command: [sh, -c, "echo canary.7f0e2 | tr -d . >&2; exit 4"] }',
        [],
        'with exit 4',
      ],
      ['!vault |\n          $ANSIBLE_VAULT;1.1;AES256\n          00', [], 'Vault password'],
    ];
    const command =
      '- hosts: all\n  tasks:\n    - command:\n        changes: always\n        argv: [cat]\n        stdin: ';
    await Promise.all(
      cases.map(async ([value, options, said]) => {
        const playbook = await room.write(`${command}${value}\n`);
        const given = [playbook, '-l', name, '-o', 'json', ...options];
        const run = await room.xpush('apply', room.fleet.file, ...given);

        expect([run.code, run.stderr]).toEqual([2, expect.stringContaining(said)]);
        expect(run.stderr).not.toContain(left);
        expect(JSON.parse(run.stdout)).toMatchObject({ exit: 2 });
      }),
    );
    expect(await room.fleet.logins(name)).toBe(0);
  });

  test.concurrent('is refused where others would see it', async () => {
    const run = await room.apply(
      '- hosts: all\n  tasks:\n    - command: { changes: never, argv: [echo, !secret db] }\n    - command: { changes: never, shell: !secret db }\n    - command: { argv: [id], creates: !secret db }\n',
    );

    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(
      /argv\[1\] takes no secret: the words of a command are public on its/,
    );
    expect(run.stderr).toMatch(/shell takes no secret: .*\n(.*\n)*.*creates takes no secret/);
  });

  // CVE-2018-16837, CVE-2020-1739: strace sees every program that is started, with its environment
  test.concurrent.each([
    ['', tasks],
    [', in a confirm window', (lines: readonly string[]) => networkTasks(...lines)],
  ] as const)(
    'is in no argument and no environment of any process of the host%s',
    async (_, of) => {
      const host = room.take();
      const listing =
        'for p in /proc/[0-9]*; do cat $p/cmdline $p/environ; done >/run/listing 2>&1';
      await host.exec([
        'sh',
        '-c',
        'for p in $(pgrep -x sshd); do set -- "$@" -p "$p"; done; strace -f -v -s 65535 -e trace=execve -o /run/trace "$@" >/dev/null 2>&1 & echo $! >/run/tracer',
      ]);
      await until(async () => {
        const { stdout } = await host.exec([
          'sh',
          '-c',
          'grep -l TracerPid:.*[1-9] /proc/[0-9]*/status',
        ]);
        return stdout !== '';
      });

      const run = await room.apply(of([`${listing}; cat`, 'base64']), '-l', host.name, '-vv');
      await host.exec(['sh', '-c', 'kill $(cat /run/tracer)']);

      expect(run.code, run.stderr).toBe(0);
      expectNoTrace(run);
      const trace = (await host.readFile('/run/trace')).toString('latin1');
      const listed = (await host.readFile('/run/listing')).toString('latin1');
      expect(trace).toMatch(/execve\(.*base64/);
      expect(traces(trace)).toEqual([]);
      expect(listed).toContain('sshd');
      expect(traces(listed)).toEqual([]);
    },
  );
});

describe('a secret in a confirm window', () => {
  /** A host that keeps a log: hosts of a lab have no /dev/log. */
  async function taken(): Promise<LabHost> {
    const host = room.take();
    const logger = '#!/bin/sh\nprintf "%s\\n" "$*" >>/var/log/syslog\n';
    await host.writeFile('/usr/local/bin/logger', logger, 0o755);
    return host;
  }

  async function expectLogged(host: LabHost, what: RegExp): Promise<void> {
    await until(async () => {
      const { stdout } = await host.exec(['cat', '/var/log/syslog']);
      return what.test(stdout);
    });
    await room.expectClean(host);
  }

  test.concurrent.each<readonly [string, string, number, RegExp]>([
    ['that is confirmed', printing, 0, /made and confirmed/],
    ['that is undone', `${printing}; ${lockOut}`, 4, /network changes undone/],
    ['that fails', `${printing}; exit 3`, 4, /network changes undone/],
  ])('%s leaves nothing of it, in no view and on no disk', async (_name, command, code, said) => {
    const host = await taken();
    const page = join(room.fleet.lab.directory, `${host.name}.html`);
    const given = ['-l', host.name, '-o', 'ndjson', ...loud, '--report', page, ...soon];

    const run = await room.apply(networkTasks(command), ...given);

    expect(run.code, run.stderr).toBe(code);
    expectNoTrace(run);
    expect(traces(await readFile(page, 'utf8'))).toEqual([]);
    // what is undone by another connection says nothing of its commands
    if (!command.includes(lockOut)) expect(run.stdout).toContain('***');
    await expectLogged(host, said);
    const status = await room.xpush('status', room.fleet.file, '-l', host.name, '-o', 'json');
    expectNoTrace(status);
  });

  test.concurrent.each(['rollback', 'confirm'])(
    'that was left is readable to root alone, and gone after xpush %s',
    async (verb) => {
      const host = await taken();
      const run = await room.begin(
        networkTasks(waiting),
        ...['-l', host.name, '-vv', '--confirm-timeout', '30'],
      );
      await waits(host);
      run.kill('SIGKILL');
      await run.ended;
      await host.writeFile('/run/go', '');
      const only = [room.fleet.file, '-l', host.name];
      await until(async () => {
        return (await host.exec(['sh', '-c', 'test -e /run/xpush-*/applied'])).code === 0;
      });

      const open = await host.exec([
        'sh',
        '-c',
        `${searching} | grep -v -e ^/var/lib/xpush/window/ -e ^/run/xpush-; find /var/lib/xpush /run/xpush-* -maxdepth 0 ! -perm 700`,
      ]);
      expect(open.stdout).toBe('');
      const decided = await room.xpush(verb, ...only);
      expect(decided.code, decided.stdout + decided.stderr).toBe(0);
      expectNoTrace(decided);
      expect(traces(run.said())).toEqual([]);
      await expectLogged(
        host,
        verb === 'confirm' ? /made and confirmed/ : /network changes undone/,
      );
    },
  );

  test.concurrent('is gone from a host that was booted in it', async () => {
    const host = room.take();
    const run = await room.begin(networkTasks(waiting), '-l', host.name, ...soon);
    await waits(host);
    await host.reboot();
    await run.ended;

    expect(traces(run.said())).toEqual([]);
    await room.expectClean(host);
  });
});

describe('when all is over, a secret', () => {
  test('is in no replay of a run', async () => {
    const { stdout } = await room.xpush('runs', '-o', 'json');
    const ids = [...new Set(stdout.match(/\d{8}T\d{6}Z-\w{6}/g) ?? [])];
    expect(ids.length).toBeGreaterThan(12);
    const verbs = ids.slice(0, 6).flatMap((id) => [
      ['runs', 'show', id, '-o', 'ndjson'],
      ['runs', 'show', id, '-vv'],
    ]);
    for (const run of await Promise.all(verbs.map((args) => room.xpush(...args)))) {
      expectNoTrace(run);
    }
  });

  // CVE-2020-1740: what was decrypted, left in a file beside
  test('is in no file of the controller', () => {
    const files = filesIn(room.fleet.lab.directory).filter((file) => !file.includes('/hosts/'));
    const records = files.filter((file) => file.startsWith(room.state));

    expect(records.length).toBeGreaterThan(20);
    for (const file of files) {
      expect([file, traces(readFileSync(file, 'latin1'))]).toEqual([file, []]);
    }
  });

  test('is in no file of any host', async () => {
    expect(room.taken.length).toBeGreaterThan(15);
    await Promise.all(room.taken.map((host) => room.expectClean(host)));
  });
});
