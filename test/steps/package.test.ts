import fc from 'fast-check';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { queryKey } from '../../src/host/query.ts';
import { printing } from '../../src/steps/host-script.ts';
import { packageStep } from '../../src/steps/package.ts';
import { packageState } from '../../src/steps/package-state.ts';
import { hasVersion, packageSpec } from '../../src/steps/package-words.ts';
import { playOn } from '../engine/play.ts';
import { hasPrivateHosts, PrivateHost } from '../engine/private-host.ts';
import { bind, stateFor } from './observed.ts';

/** The plan where the host's manager says this. */
function plan(params: object, ...said: readonly string[]) {
  const bound = bind(packageStep, 'plain', v.parse(packageStep.params, params));
  const answer = printing(said.map((line) => `${line}\n`).join(''));
  return bound.plan(
    stateFor(bound, Object.fromEntries(bound.queries.map((one) => [queryKey(one), answer]))),
  );
}

const dpkg = (name: string, version: string, status = 'install ok installed') =>
  `${name}|amd64|${version}|${status}`;

describe('package', () => {
  test('what is there is not asked for again; the rest is installed in one command', () => {
    const said = ['manager apt', '[installed]', dpkg('curl', '7.88.1-10')];

    expect(plan({ name: 'curl' }, ...said)).toMatchObject({ changes: [] });
    expect(plan({ name: 'curl, nginx,vim' }, ...said)).toMatchObject({
      changes: [
        {
          argv: expect.arrayContaining(['install', '--', 'nginx', 'vim']),
          subject: 'packages nginx, vim',
          before: 'not installed, not installed',
          after: 'installed, installed',
          predicts: null,
        },
      ],
    });
  });

  test.each([
    ['curl=7.88*', 0],
    ['curl=7.88.1-10', 0],
    ['curl=*-10', 0],
    ['curl=7.8', 1],
    ['curl=8.*', 1],
    ['curl:amd64', 0],
    ['curl:i386', 1],
  ])('%s takes %i changes where 7.88.1-10 is there', (name, count) => {
    const made = plan({ name }, 'manager apt', '[installed]', dpkg('curl', '7.88.1-10'));

    expect(made).toHaveProperty('changes.length', count);
  });

  test('a package that is gone but for its configuration is not there', () => {
    const said = ['manager apt', '[installed]', dpkg('vim', '9', 'deinstall ok config-files')];

    expect(plan({ name: 'vim' }, ...said)).toHaveProperty('changes.length', 1);
    expect(plan({ name: 'vim', state: 'absent' }, ...said)).toMatchObject({ changes: [] });
  });

  test('a name that another package provides is there, but is not what is removed', () => {
    const said = ['manager apt', '[provided]', 'default-mta, mail-transport-agent (= 1)'];

    expect(plan({ name: 'mail-transport-agent' }, ...said)).toMatchObject({ changes: [] });
    expect(plan({ name: 'mail-transport-agent', state: 'absent' }, ...said)).toMatchObject({
      changes: [],
    });
  });

  test('the newest is installed over an older one, not over one that is held', () => {
    const policy = ['[candidates]', 'vim:', '  Installed: 9.0', '  Candidate: 9.1'];
    const held = dpkg('vim', '9.0', 'hold ok installed');
    const params = { name: 'vim', state: 'latest' };

    expect(plan(params, 'manager apt', '[installed]', dpkg('vim', '9.0'), ...policy)).toMatchObject(
      { changes: [{ before: '9.0', after: '9.1' }] },
    );
    expect(plan(params, 'manager apt', '[installed]', held, ...policy)).toMatchObject({
      changes: [],
      message: 'vim: held at its version on the host',
    });
  });

  test.each([
    ['fresh lists', ['age 60'], 1],
    ['old lists', ['age 4000'], 2],
    ['no lists', [], 2],
    ['lists older than their sources', ['age 60', 'stale'], 2],
  ])('with %s an installation takes %j', (_, age, count) => {
    const params = { name: 'vim', update_cache: true };

    const made = plan(params, 'manager apt', '[installed]', '[age]', ...age);

    expect(made).toHaveProperty('changes.length', count);
    expect(
      plan(params, 'manager apt', '[installed]', dpkg('vim', '9'), '[age]', ...age),
    ).toMatchObject({ changes: [] });
  });

  test('what nothing needs goes when that is asked for', () => {
    const said = ['manager apt', '[unneeded]', 'libfoo1', 'libbar2'];

    expect(plan({ autoremove: true }, ...said)).toMatchObject({
      changes: [{ subject: 'packages libfoo1, libbar2' }],
    });
    expect(plan({ autoremove: true }, 'manager apt')).toMatchObject({ changes: [] });
  });

  test.each([
    ['dnf', ['bash|(none)|5.1.8-6.el9|x86_64'], 'bash-5.1.8', []],
    ['dnf', ['bash|(none)|5.1.8-6.el9|x86_64'], 'bash=5.1.*', []],
    ['dnf', ['bash|1|5.1.8-6.el9|x86_64'], 'bash=1:5.1.8-6.el9', []],
    ['dnf', ['bash|1|5.1.8-6.el9|x86_64'], 'bash=5.2', ['bash-5.2']],
    ['yum', ['bash|(none)|4.2|x86_64'], 'bash.x86_64', []],
    ['apk', ['bash|5.2.15-r5'], 'bash=5.2*', []],
    ['apk', ['bash|5.2.15-r5'], 'bash=5.3.*', ['bash~5.3']],
    ['pacman', ['bash 5.2.021-1'], 'bash', []],
    ['pacman', [], 'vim', ['vim']],
  ])('%s that says %j: %s takes %j', (manager, installed, name, words) => {
    const missing = installed.length === 0 ? ['[missing]', name] : [];

    const made = plan({ name }, `manager ${manager}`, '[installed]', ...installed, ...missing);

    const argv =
      'changes' in made ? made.changes.flatMap((one) => ('argv' in one ? one.argv : [])) : null;
    expect(argv?.slice(-words.length || argv.length)).toEqual(words);
  });

  test('a fixed version of a package of pacman is refused', () => {
    expect(plan({ name: 'vim=9' }, 'manager pacman', '[missing]', 'vim')).toMatchObject({
      refusal: 'pacman has no versions to choose from: vim=9',
    });
  });

  test('where no manager is known it says so', () => {
    expect(plan({ name: 'vim' })).toMatchObject({
      refusal: 'there is no package manager that is known here',
    });
  });

  test.each(['-y', 'a b', '', 'a/b', 'x=', 'x=-1', '@web', 'a*', "x'", 'a\n'])(
    'refuses the name %j',
    (name) => {
      expect(v.safeParse(packageStep.params, { name: [name] }).success).toBe(false);
    },
  );
});

describe('packageState', () => {
  test.each([
    [
      'dnf',
      [
        '',
        'kernel.x86_64      5.14.0-70      baseos',
        'bash.x86_64 5.2-1 updates',
        'Obsoleting Packages',
        'a.noarch 2 b',
      ],
      { kernel: '5.14.0-70', bash: '5.2-1' },
    ],
    [
      'yum',
      ['a-very-long-name-of-a-package.noarch', '          2.0-1.el7       updates'],
      { 'a-very-long-name-of-a-package': '2.0-1.el7' },
    ],
    [
      'apk',
      ['Installed:                Available:', 'busybox-1.35.0-r17     < 1.35.0-r29 '],
      { busybox: '1.35.0-r29' },
    ],
    ['pacman', ['linux 6.1.1-1 -> 6.1.2-1'], { linux: '6.1.2-1' }],
  ])('reads what %s says is newer', (manager, lines, newer) => {
    const text = [`manager ${manager}`, '[candidates]', ...lines].map((line) => `${line}\n`);

    const state = packageState(printing(text.join('')), []);

    expect(Object.fromEntries(state?.newer ?? [])).toEqual(newer);
  });

  test('takes whatever a host says', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('apt', 'dnf', 'apk', 'pacman'),
        fc.array(fc.oneof(fc.constantFrom('[installed]', '[candidates]', '[age]'), fc.string())),
        (manager, lines) => {
          packageState(printing(`manager ${manager}\n${lines.join('\n')}\n`), ['a']);
        },
      ),
    );
  });
});

describe('hasVersion', () => {
  test('means what a shell pattern means', () => {
    const part = fc.stringMatching(/^[a-c]{0,3}$/);
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), part, part, (parts, x, y) => {
        const version = `1${x}${y}${x}`;
        const wanted = `1${parts.join('*')}`;

        const expected = new RegExp(`^${wanted.replaceAll('*', '.*')}$`).test(version);
        expect(hasVersion({ versions: [version], isHeld: false }, wanted)).toBe(expected);
      }),
    );
    expect(packageSpec('a=1*')).toEqual({ name: 'a', version: '1*' });
  });
});

describe.runIf(hasPrivateHosts)('package by apt', () => {
  let host: PrivateHost;
  beforeAll(async () => {
    host = await PrivateHost.start();
    host.run(repository);
  });
  afterAll(async () => await host?.[Symbol.asyncDispose]());

  test('is installed, found installed, upgraded and removed', async () => {
    const run = async (params: string, check = false) =>
      await playOn(host, `package: ${params}`, { check });
    const version = () => host.run("dpkg-query -W -f='$''{Version} $''{Status}' xpush-one || true");

    const install = '{ name: [xpush-one=1.*], update_cache: true }';
    expect((await run(install, true)).status).toBe('unknown');
    expect(version()).toBe('');
    expect(await run(install)).toMatchObject({ status: 'changed', changes: [{}, {}] });
    expect(version()).toBe('1.0 install ok installed');
    for (const one of [install, 'xpush-one', 'xpush-virtual']) {
      expect(await run(one)).toMatchObject({ status: 'ok', changes: [] });
    }

    const upgrade = '{ name: xpush-one, state: latest }';
    expect(await run(upgrade)).toMatchObject({ status: 'changed' });
    expect(version()).toBe('2.0 install ok installed');
    expect(await run(upgrade)).toMatchObject({ status: 'ok', changes: [] });

    const remove = '{ name: xpush-one, state: absent, purge: true }';
    expect(await run(remove)).toMatchObject({ status: 'changed' });
    expect(version()).toBe('');
    expect(await run(remove)).toMatchObject({ status: 'ok', changes: [] });
    expect(await run('xpush-none')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('Unable to locate package xpush-none'),
    });
  });
});

/** Of an Alpine 3.19: what is installed, and what each of it provides. */
const apkDatabase = `C:Q1yZ
P:musl
V:1.2.4_git20230717-r4
p:so:libc.musl-x86_64.so.1=1

P:busybox-binsh
V:1.36.1-r15
p:/bin/sh cmd:sh=1.36.1-r15

P:openssl
V:3.1.4-r2
p:cmd:openssl=3.1.4-r2 openssl3=3.1.4-r2
`;

describe.runIf(hasPrivateHosts)('package by apk', () => {
  test('its database is read by the shell and the awk of busybox', async () => {
    await using host = await PrivateHost.start();
    host.run('mkdir -p /lib/apk/db; cat >/lib/apk/db/installed', apkDatabase);
    host.run('cat >/usr/local/bin/apk; chmod 755 /usr/local/bin/apk', '#!/bin/sh\nexit 99\n');
    host.run('for name in awk stat sh; do ln -sf busybox "/usr/bin/$name"; done');
    const run = async (params: string) => await playOn(host, `package: ${params}`);

    for (const there of ['musl', 'musl=1.2*', '[openssl3, busybox-binsh]', 'openssl=3.1.4-r2']) {
      expect({ there, ...(await run(`{ name: ${there}, use: apk }`)) }).toMatchObject({
        ...{ there, status: 'ok', changes: [] },
      });
    }
    expect(await run('{ name: [musl, nginx], use: apk }')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('apk --no-progress add -- nginx: exit status 99'),
    });
  });
});

/** Two versions of a package in a repository on the disk, which is the only one. */
const repository = `
mkdir -p /srv/repository /etc/apt/sources.list.d
rm -rf /etc/apt/sources.list.d/* /var/lib/apt/lists
: >/etc/apt/sources.list
cd /srv/repository
for version in 1.0 2.0; do
  mkdir -p one/DEBIAN
  printf '%s\\n' 'Package: xpush-one' "Version: $version" 'Architecture: all' 'Provides: xpush-virtual' \\
    'Maintainer: nobody <nobody@example.org>' 'Description: none' >one/DEBIAN/control
  dpkg-deb --build one "xpush-one_$version.deb" >/dev/null
done
for file in *.deb; do
  dpkg-deb -f "$file"
  echo "Filename: ./$file"
  echo "Size: $(stat -c %s "$file")"
  echo "SHA256: $(sha256sum "$file" | cut -d' ' -f1)"
  echo
done >Packages
echo 'deb [trusted=yes] file:/srv/repository ./' >/etc/apt/sources.list
`;
