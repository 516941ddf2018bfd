import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { queryKey } from '../../src/host/query.ts';
import { mount } from '../../src/steps/mount.ts';
import { fstabEntry, withEntry, withoutEntry } from '../../src/text/fstab-edit.ts';
import { mountedAt, withMount } from '../../src/text/mountinfo.ts';
import { playbookOnPrivateHost } from '../engine/playbook-on-private-host.ts';
import { hasPrivateHosts } from '../engine/private-host.ts';
import { complaints } from './edited.ts';
import { bind, fileOf, planTwice, stateFor } from './observed.ts';

const data = { path: '/srv/data', src: '/dev/xvdb', fstype: 'ext4' };
const root = '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/xvda1 rw,errors=remount-ro\n';
const mountedData = `${root}40 22 8:16 / /srv/data rw,nosuid - ext4 /dev/xvdb rw\n`;

/** The plan on a host with this fstab and these mounts. */
function plan(params: object, fstab: string, mountinfo: string, point = 'directory') {
  const bound = bind(mount, 'plain', { ...data, ...params });
  const output = bound.queries.find(({ kind }) => kind === 'output');
  if (output === undefined) throw new Error('no mounts are asked for');
  const answer = { status: 0, stdout: mountinfo, stderr: '', isCut: false, isTimedOut: false };
  return planTwice(bound, {
    [queryKey(output)]: answer,
    'file:/etc/fstab': fileOf(fstab),
    'file:/srv/data': { type: point },
  });
}
const written = '/dev/xvdb /srv/data ext4 defaults 0 0\n';

describe('mount', () => {
  test.each<[string, object, string, string, readonly object[]]>([
    [
      'is written and mounted',
      { state: 'mounted' },
      '',
      root,
      [{ kind: 'write', content: written }, { argv: ['mount', '/srv/data'] }],
    ],
    ['is there already', { state: 'mounted' }, written, mountedData, []],
    [
      'is mounted again',
      { state: 'mounted' },
      written,
      root,
      [{ argv: ['mount', '/srv/data'], before: 'not mounted' }],
    ],
    [
      'has other options',
      { state: 'mounted', opts: 'ro,noatime' },
      written,
      mountedData,
      [{ kind: 'write' }, { argv: ['mount', '-o', 'remount,ro,noatime', '/srv/data'] }],
    ],
    [
      'has another source',
      { state: 'mounted', src: '/dev/xvdc' },
      written,
      mountedData,
      [{ kind: 'write' }, { argv: ['umount', '/srv/data'] }, { argv: ['mount', '/srv/data'] }],
    ],
    [
      'is only written',
      { state: 'present', boot: false },
      '',
      root,
      [{ content: '/dev/xvdb /srv/data ext4 defaults,noauto 0 0\n' }],
    ],
    [
      'is only mounted',
      { state: 'ephemeral', opts: 'ro' },
      '',
      root,
      [{ argv: ['mount', '-t', 'ext4', '-o', 'ro', '/dev/xvdb', '/srv/data'] }],
    ],
    [
      'goes',
      { state: 'absent' },
      `# a\n${written}`,
      mountedData,
      [{ argv: ['umount', '/srv/data'] }, { content: '# a\n' }],
    ],
    [
      'is unmounted',
      { state: 'unmounted' },
      written,
      mountedData,
      [{ argv: ['umount', '/srv/data'] }],
    ],
    ['is unmounted already', { state: 'unmounted' }, written, root, []],
  ])('what %s', (_, params, fstab, mountinfo, changes) => {
    const { first, second } = plan(params, fstab, mountinfo);

    expect(first).toMatchObject({ changes });
    expect(second).toMatchObject({ changes: [] });
  });

  test('makes the directory', () => {
    const { first, second } = plan({ state: 'ephemeral' }, '', root, 'absent');

    expect(first).toMatchObject({ changes: [{ kind: 'directory' }, { kind: 'call' }] });
    expect(second).toMatchObject({ changes: [] });
  });

  test.each<[object, string, string, string, string]>([
    [{ state: 'remounted' }, '', root, 'directory', 'nothing is mounted at /srv/data'],
    [
      { state: 'ephemeral', src: '/dev/xvdd' },
      '',
      mountedData,
      'directory',
      '/srv/data has /dev/xvdb mounted',
    ],
    [{ state: 'mounted' }, '', root, 'special', '/srv/data is no directory'],
  ])('refuses %j', (params, fstab, mountinfo, point, refusal) => {
    expect(plan(params, fstab, mountinfo, point).first).toMatchObject({ refusal });
  });

  test('whatever a host says of its mounts, a plan or a refusal comes of it', () => {
    const states = ['mounted', 'absent', 'remounted', 'ephemeral'];
    const text = fc.oneof(
      fc.string(),
      fc.constant(mountedData),
      fc.constant('40 22 8:16 / /srv/data'),
    );
    fc.assert(
      fc.property(fc.constantFrom(...states), text, text, (state, fstab, mountinfo) => {
        const latin1 = Buffer.from(fstab).toString('latin1');
        const { first, second } = plan({ state }, latin1, mountinfo);

        if ('refusal' in first || state === 'remounted') return;
        expect(second).toMatchObject({ changes: [] });
      }),
    );
  });

  test('is asked no more than once', () => {
    const bound = bind(mount, 'plain', { ...data, state: 'mounted' });
    expect(stateFor(bound, {})).toBeDefined();
    expect(bound.queries.filter(({ kind }) => kind === 'output')).toHaveLength(1);
  });

  test.each<[object, RegExp]>([
    [{ path: '/a', state: 'mounted' }, /"src" and "fstype"/],
    [{ path: '/', state: 'absent' }, /stays mounted/],
    [{ path: '/a/../b', state: 'absent' }, /without "\." and "\.\."/],
    [{ ...data, state: 'present', opts: 'a b' }, /no blanks/],
  ])('refuses %j', (params, message) => {
    expect(complaints(mount, params).join('\n')).toMatch(message);
  });
});

const word = fc.stringMatching(/^[a-zé \\=/:.-]{1,12}$/).filter((text) => text.trim() !== '');
const entry = fc.record({
  source: word.filter((text) => !text.startsWith('#')),
  path: word.map((text) => `/${text.replace(/^\/+|\/+$/g, '')}`),
  type: fc.constantFrom('ext4', 'nfs'),
  options: fc.constantFrom('defaults', 'ro,noatime'),
  dump: fc.nat(1),
  pass: fc.nat(2),
});
const line = fc.constantFrom(
  '# a',
  '',
  'UUID=1 / ext4 rw 0 1',
  '/dev/a\t/srv\text4',
  'x none swap sw 0 0',
);

describe('withEntry', () => {
  test('the entry is found as it was written, other lines stay, and it goes without a trace', () => {
    fc.assert(
      fc.property(fc.array(line), entry, (lines, wanted) => {
        const text = lines.map((one) => `${one}\n`).join('');

        const made = withEntry(text, wanted);

        expect(fstabEntry(made, wanted.path)).toEqual(wanted);
        expect(withEntry(made, wanted)).toBe(made);
        expect(withoutEntry(made, wanted.path)).toBe(withoutEntry(text, wanted.path));
      }),
    );
  });

  test('a line that says the same in other words stays', () => {
    const text = 'UUID=1\t/srv/  ext4   defaults';
    const same = {
      source: 'UUID=1',
      path: '/srv',
      type: 'ext4',
      options: 'defaults',
      dump: 0,
      pass: 0,
    };
    expect(withEntry(text, same)).toBe(text);
  });
});

describe('withMount', () => {
  test('what is mounted is found, and is gone when it is unmounted', () => {
    fc.assert(
      fc.property(word, (name) => {
        const path = `/${name.replace(/^\/+|\/+$/g, '')}x`;
        const mounted = { source: name, type: 'ext4', options: ['rw'] };

        const made = withMount(root, path, mounted);

        expect(mountedAt(made, path)).toMatchObject({ source: name, type: 'ext4' });
        expect(withMount(made, path, null)).toBe(root);
      }),
    );
  });
});

describe.runIf(hasPrivateHosts)('mount on a host', () => {
  const host = playbookOnPrivateHost();

  test('mounts, changes and takes away', async () => {
    host.sh('echo "# mine" > /etc/fstab');
    const lines = await host.runThrice(`
  - { name: m, mount: { path: "/home/a b", src: tmpfs, fstype: tmpfs, opts: "size=1m", state: mounted } }
`);
    expect(lines).toEqual(['m changed']);
    expect(host.sh('cat /etc/fstab')).toBe('# mine\ntmpfs /home/a\\040b tmpfs size=1m 0 0\n');
    expect(host.sh('stat -f -c %T "/home/a b"')).toBe('tmpfs\n');

    await host.runThrice(`
  - { name: m, mount: { path: "/home/a b", src: tmpfs, fstype: tmpfs, opts: "size=1m,ro", state: mounted } }
`);
    expect(host.sh('grep "a.040b" /proc/self/mountinfo')).toMatch(/ ro,.* - tmpfs tmpfs ro,/);

    const gone = await host.runThrice(`
  - { name: m, mount: { path: "/home/a b", state: absent } }
  - { name: e, mount: { path: /home/e, src: tmpfs, fstype: tmpfs, state: ephemeral } }
  - { name: u, mount: { path: /home/u, state: unmounted } }
`);
    expect(gone).toEqual(['m changed', 'e changed', 'u ok']);
    expect(host.sh('cat /etc/fstab; stat -f -c %T /home/e')).toBe('# mine\ntmpfs\n');

    const { lines: once } = await host.run('  - mount: { path: /home/e, state: remounted }');
    expect(once).toEqual(['mount changed']);
  });
});
