import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../src/source/secret.ts';
import { SourceText } from '../../src/source/source-text.ts';
import { shadowDigest, shadowOutput } from '../../src/steps/shadow-script.ts';
import { user } from '../../src/steps/user.ts';
import { playAllOn, playOn } from '../engine/play.ts';
import { hasPrivateHosts, PrivateHost } from '../engine/private-host.ts';
import { bind, fileOf, planTwice } from './observed.ts';

const files = {
  'file:/etc/passwd': fileOf(
    'root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000:Ann:/home/ann:/bin/sh\n',
  ),
  'file:/etc/group': fileOf('root:x:0:\nann:x:1000:\nops:x:1005:ann\nsudo:x:27:\n'),
  output: shadowOutput({
    ...{ file: 'found', digest: shadowDigest('$6$a$b'), isLocked: false, expires: null },
  }),
};
const plan = (params: object, answers: Record<string, unknown> = {}) =>
  planTwice(bind(user, 'plain', v.parse(user.params, params)), { ...files, ...answers });
const argvOf = (made: ReturnType<typeof plan>['first']) =>
  'changes' in made
    ? made.changes.map((one) =>
        'argv' in one ? one.argv.join(' ') : `write ${'path' in one ? one.path : ''}`,
      )
    : made;
const busybox = { 'tool:useradd': false };
const make = 'useradd -m -u 1001 -g bob -d /home/bob -s /bin/sh -c ';

describe('user', () => {
  test.each([
    [{ name: 'ann' }, []],
    [{ name: 'ann', uid: 1000, group: 'ann', groups: 'ops', shell: '/bin/sh', comment: 'Ann' }, []],
    [{ name: 'ann', groups: ['ops', 'ann'] }, []],
    [{ name: 'ann', password: '$6$a$b', password_lock: false, expires: -1 }, []],
    [{ name: 'ann', groups: ['sudo'] }, ['usermod -G sudo ann']],
    [{ name: 'ann', groups: ['sudo'], append: true }, ['usermod -G ops,sudo ann']],
    [{ name: 'ann', groups: [] }, ['usermod -G  ann']],
    [
      { name: 'ann', shell: '/bin/bash', uid: 7, group: 27 },
      ['usermod -u 7 -g 27 -s /bin/bash ann'],
    ],
    [{ name: 'ann', password: '$6$x$y' }, ['chpasswd -e']],
    [{ name: 'ann', password: '$6$x$y', update_password: 'on_create' }, []],
    [{ name: 'ann', password_lock: true }, ['usermod -L ann']],
    [{ name: 'ann', expires: '2030-12-31' }, ['usermod -e 2030-12-31 ann']],
    [{ name: 'bob' }, ['groupadd -g 1001 bob', `${make} bob`]],
    [
      { name: 'bob', groups: 'ops, sudo', comment: 'B', password: '$6$x$y' },
      ['groupadd -g 1001 bob', `${make}B -G ops,sudo bob`, 'chpasswd -e'],
    ],
    [
      {
        name: 'bob',
        system: true,
        create_home: false,
        group: 'ops',
        home: '/srv',
        shell: '/bin/x',
      },
      ['useradd -r -M -u 999 -g ops -d /srv -s /bin/x -c  bob'],
    ],
    [{ name: 'ann', state: 'absent' }, ['userdel ann']],
    [{ name: 'ann', state: 'absent', remove: true }, ['userdel -r ann']],
    [{ name: 'bob', state: 'absent' }, []],
  ])('%j takes %j', (params, calls) => {
    const { first, second } = plan(params);

    expect(argvOf(first)).toEqual(calls);
    expect(argvOf(second)).toEqual([]);
  });

  test.each([
    [
      { name: 'bob', groups: ['ops'], shell: '/bin/ash' },
      [
        'addgroup -g 1001 bob',
        'adduser -D -h /home/bob -s /bin/ash -g  -u 1001 -G bob bob',
        'write /etc/group',
      ],
    ],
    [{ name: 'ann', shell: '/bin/ash' }, ['write /etc/passwd']],
    [{ name: 'ann', groups: [] }, ['write /etc/group']],
    [{ name: 'ann', password_lock: true }, ['passwd -l ann']],
    [{ name: 'ann', state: 'absent', remove: true }, ['deluser --remove-home ann']],
  ])('with busybox %j takes %j', (params, calls) => {
    const { first, second } = plan(params, busybox);

    expect(argvOf(first)).toEqual(calls);
    expect(argvOf(second)).toEqual([]);
  });

  test('adduser of busybox lists a user in its first group, too, which is no difference afterwards', () => {
    const { first, second } = plan({ name: 'bob', groups: ['ops'] }, busybox);

    const [last] = 'refusal' in first ? [] : first.changes.slice(-1);
    expect(last).toMatchObject({
      content: expect.stringMatching(/^ops:x:\d+:(?:.*,)?bob$(?:.*\n)*bob:x:1001:bob$/m),
      before: { content: expect.stringMatching(/^bob:x:1001:bob$/m) },
    });
    expect(second).toMatchObject({ changes: [] });
  });

  test('no password is in a word, or in what is shown', () => {
    const { first } = plan({ name: 'ann', password: '$6$x$secret' });

    expect(first).toMatchObject({
      changes: [{ argv: ['chpasswd', '-e'], stdin: 'ann:$6$x$secret\n', after: 'set' }],
    });
  });

  test('a secret password is known to chpasswd alone; one that is no hash is refused', () => {
    const place = { source: new SourceText('a.yaml', ''), start: 0, end: 0 };
    const secret = new Secret({ kind: 'environment', name: 'a' }, place);
    const open = plan({ name: 'ann', password: secret }).first;
    expect(open).toMatchObject({ refusal: 'the password is not known yet' });

    secret.settle('$6$x$secret');
    const { first, second } = plan({ name: 'ann', password: secret });
    expect(JSON.stringify(first)).not.toContain('$6$x');
    const [made] = 'changes' in first ? first.changes : [];
    const stdin = made?.kind === 'call' ? made.stdin : null;
    expect(typeof stdin === 'object' && stdin?.reveal()).toBe('ann:$6$x$secret\n');
    expect(second).toMatchObject({ changes: [] });

    secret.settle('plain');
    expect(plan({ name: 'ann', password: secret }).first).toMatchObject({
      refusal: 'the password is not a hash',
    });
  });

  test.each([
    [{ name: 'ann', groups: ['none'] }, 'there is no group none'],
    [{ name: 'ann', group: 12 }, 'there is no group 12'],
    [{ name: 'bob', uid: 1000 }, 'uid 1000 is that of ann'],
    [{ name: 'root', state: 'absent' }, 'root is root: nothing could be done without it'],
  ])('refuses %j', (params, refusal) => {
    expect(plan(params).first).toMatchObject({ refusal });
  });

  test.each([
    { name: '-x' },
    { name: 'a:b' },
    { name: 'a', comment: 'x:y' },
    { name: 'a', password: 'plain' },
    { name: 'a', home: '/a:b' },
    { name: 'a', shell: 'sh' },
    { name: 'a', groups: 'x y' },
    { name: 'a', expires: 'soon' },
    { name: 'a', append: true },
  ])('%j is refused', (params) => {
    expect(v.safeParse(user.params, params).success).toBe(false);
  });
});

describe.runIf(hasPrivateHosts)('user on a host', () => {
  let host: PrivateHost;
  beforeAll(async () => {
    host = await PrivateHost.start();
    host.run('groupadd crew; groupadd board');
  });
  afterAll(async () => await host?.[Symbol.asyncDispose]());

  test('is made, changed, locked and removed, as a check says', async () => {
    const shown = () =>
      host.run(
        'id -Gn mia 2>/dev/null || true; getent passwd mia | cut -d: -f5-; getent shadow mia | cut -d: -f2,8; ls -d /home/mia 2>/dev/null || true',
      );
    for (const [params, wanted] of [
      [
        "{ name: mia, comment: Mia, groups: [crew], shell: /bin/sh, password: '$6$a$b' }",
        'mia crew\nMia:/home/mia:/bin/sh\n$6$a$b:\n/home/mia\n',
      ],
      [
        '{ name: mia, groups: board, append: true, comment: Mïa, expires: 2030-01-02 }',
        'mia crew board\nMïa:/home/mia:/bin/sh\n$6$a$b:21916\n/home/mia\n',
      ],
      [
        '{ name: mia, groups: [], password_lock: true, expires: -1 }',
        'mia\nMïa:/home/mia:/bin/sh\n!$6$a$b:\n/home/mia\n',
      ],
      ['{ name: mia, state: absent, remove: true }', ''],
    ]) {
      const check = await playOn(host, `user: ${params}`, { check: true });
      const apply = await playOn(host, `user: ${params}`);
      const again = await playOn(host, `user: ${params}`);

      expect(apply).toMatchObject({ status: 'changed' });
      expect(check.changes).toEqual(apply.changes);
      expect({ params, ...again }).toMatchObject({ params, status: 'ok', changes: [] });
      expect(shown()).toBe(wanted);
    }
  });

  test('a check knows of users and groups that tasks before it make', async () => {
    const tasks = [
      'group: fleet',
      "user: { name: zoe, groups: [fleet], password: '$6$a$b' }",
      'user: { name: yan, group: fleet }',
      'user: { name: zoe, groups: [], shell: /bin/sh }',
      'file: { path: /home/zoe/inbox, state: directory, owner: zoe }',
    ];
    const check = await playAllOn(host, tasks, { check: true });
    const apply = await playAllOn(host, tasks);

    expect(check.map(({ status }) => status)).toEqual(tasks.map(() => 'changed'));
    expect(check.map(({ changes }) => changes)).toEqual(apply.map(({ changes }) => changes));
    expect(host.run('stat -c %U /home/zoe/inbox; id -Gn yan')).toBe('zoe\nfleet\n');
  });

  test('a check knows what may be done with a home, by what login.defs comes to say', async () => {
    const tasks = [
      "lineinfile: { path: /etc/login.defs, regexp: '^#?HOME_MODE', line: 'HOME_MODE 0711' }",
      'user: { name: eve }',
      'file: { path: /home/eve, state: directory, mode: "0711" }',
      "lineinfile: { path: /etc/login.defs, regexp: '^HOME_MODE', state: absent }",
      "lineinfile: { path: /etc/login.defs, regexp: '^UMASK', line: 'UMASK 027' }",
      'user: { name: una }',
      'file: { path: /home/una, state: directory, mode: g-r, group: crew }',
    ];
    const check = await playAllOn(host, tasks, { check: true });
    const apply = await playAllOn(host, tasks);

    expect(check.map(({ status }) => status)).toEqual([
      ...['changed', 'changed', 'ok', 'changed', 'changed', 'changed', 'changed'],
    ]);
    expect(check.map(({ changes }) => changes)).toEqual(apply.map(({ changes }) => changes));
    expect(host.run('stat -c "%a %G" /home/eve /home/una')).toBe('711 eve\n710 crew\n');
  });
});
