import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { file } from '../../src/steps/file.ts';
import { modeAfter } from '../../src/steps/file-mode.ts';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';
import { complaints } from './edited.ts';

const site = playbookOnLocalHost();
const { at } = site;
const isRoot = process.getuid?.() === 0;

describe('file', () => {
  test('makes directories with those above, links and empty files, as foretold', async () => {
    const lines = await site.runThrice(`
tasks:
  - { name: d, file: { path: DIR/a/b, state: directory, mode: "0750" } }
  - { name: t, file: { path: DIR/a/b/t, state: touch, mode: u=rw } }
  - { name: l, file: { path: DIR/a/l, src: b/t } }
  - { name: h, file: { path: DIR/a/h, src: DIR/a/b/t, state: hard } }
`);
    expect(lines).toEqual(['d changed', 't changed', 'l changed', 'h changed']);
    expect(statSync(at('a/b')).mode & 0o7777).toBe(0o750);
    expect(statSync(at('a/b/t'))).toMatchObject({ size: 0, nlink: 2, mode: 0o100644 });
    expect(readlinkSync(at('a/l'))).toBe('b/t');
  });

  test('sets modes in all of a directory, each by what it is', async () => {
    mkdirSync(at('w/in'), { recursive: true, mode: 0o700 });
    writeFileSync(at('w/in/plain'), 'x', { mode: 0o600 });
    writeFileSync(at('w/in/run'), 'x', { mode: 0o700 });
    symlinkSync('/nowhere', at('w/in/link'));
    await site.runThrice(`
tasks:
  - file: { path: DIR/w, recurse: true, mode: "u=rwX,go=rX" }
`);
    const modes = ['w', 'w/in', 'w/in/plain', 'w/in/run'].map(
      (name) => statSync(at(name)).mode & 0o777,
    );
    expect(modes).toEqual([0o755, 0o755, 0o644, 0o755]);
  });

  test('a directory below one with a set-group-ID bit has only the mode that is said', async () => {
    mkdirSync(at('above/old'), { recursive: true });
    chmodSync(at('above/old'), 0o2755);
    chmodSync(at('above'), 0o2775);
    await site.runThrice(`
tasks:
  - file: { path: DIR/above/new, state: directory, mode: "0770" }
  - file: { path: DIR/above/old, state: directory, mode: "0750" }
`);
    const modes = ['new', 'old'].map((name) => statSync(at(`above/${name}`)).mode & 0o7777);
    expect(modes).toEqual([0o770, 0o750]);
  });

  test.runIf(isRoot)(
    'in one with a set-group-ID bit, what is new has the group that is said',
    async () => {
      mkdirSync(at('above'));
      chownSync(at('above'), 0, 50);
      chmodSync(at('above'), 0o2775);
      await site.runThrice(`
tasks:
  - file: { path: DIR/above/dir, state: directory, group: root, mode: "0750" }
  - file: { path: DIR/above/touched, state: touch, group: root }
  - copy: { dest: DIR/above/copied, content: x, group: root, mode: "0600" }
  - copy: { dest: DIR/above/shared, content: x, group: staff }
  - lineinfile: { path: DIR/above/lines, line: x, create: true, group: root }
`);
      const owned = ['dir', 'touched', 'copied', 'shared', 'lines'].map((name) => {
        const { gid, mode } = statSync(at(`above/${name}`));
        return [gid, (mode & 0o777).toString(8)];
      });
      expect(owned).toEqual([
        [0, '750'],
        [0, '644'],
        [0, '600'],
        [50, '644'],
        [0, '644'],
      ]);
    },
  );

  test('sets the mode of a pipe, and waits for nobody at it', async () => {
    spawnSync('mkfifo', ['-m', '600', at('p')]);
    await site.runThrice('tasks: [{ file: { path: DIR/p, mode: "0640" } }]');
    expect(statSync(at('p')).mode & 0o777).toBe(0o640);
  });

  test('does so by one command where there are many', async () => {
    mkdirSync(at('many'));
    for (let n = 0; n < 150; n += 1) writeFileSync(at(`many/${n}`), '', { mode: 0o600 });
    await site.runThrice('tasks: [{ file: { path: DIR/many, recurse: true, mode: "a=rX" } }]');
    expect(statSync(at('many/149')).mode & 0o777).toBe(0o444);
  });

  test.runIf(isRoot)('gives owners by name and by number, to links themselves too', async () => {
    writeFileSync(at('mine'), '');
    symlinkSync('mine', at('link'));
    await site.runThrice(`
tasks:
  - file: { path: DIR/mine, owner: daemon, group: 12 }
  - file: { path: DIR/made, state: directory, owner: 1234, group: daemon }
  - file: { path: DIR/link, owner: 77, follow: false }
`);
    expect(statSync(at('mine'))).toMatchObject({ uid: 1, gid: 12 });
    expect(statSync(at('made'))).toMatchObject({ uid: 1234, gid: 1 });
    expect([lstatSync(at('link')).uid, statSync(at('mine')).uid]).toEqual([77, 1]);
  });

  test('removes a file, a link that leads nowhere, a pipe, and a directory with all in it', async () => {
    mkdirSync(at('d/e'), { recursive: true });
    writeFileSync(at('d/e/f'), '');
    writeFileSync(at('f'), '');
    symlinkSync('/nowhere', at('l'));
    spawnSync('mkfifo', [at('p')]);
    const lines = await site.runThrice(`
tasks:
  - file: { path: "DIR/{{ item }}", state: absent }
    loop: [d, f, l, p, never]
`);
    expect(lines).toEqual(['file changed']);
    for (const name of ['d', 'f', 'l', 'p']) {
      expect(lstatSync(at(name), { throwIfNoEntry: false })).toBeUndefined();
    }
  });

  test.each<[string, string, RegExp]>([
    ['path: DIR/none', 'does not exist', /none does not exist/],
    ['path: DIR/f, state: directory', 'a file in the way', /in the way/],
    ['path: DIR/d, src: f', 'a directory in the way of a link', /in the way/],
    ['path: DIR/f, src: d', 'a file in the way of a link', /f is a file/],
    ['path: DIR/n, src: none', 'a link that would lead nowhere', /there is no none/],
    ['path: DIR/x/n, src: /, state: link', 'a missing directory', /no directory .*x/],
    ['path: DIR/l, mode: "0600"', 'a link', /is a symbolic link, to f/],
    ['path: DIR/h, src: DIR/f, state: hard', 'another file', /another file/],
  ])('refuses %s: %s', async (params, _why, message) => {
    mkdirSync(at('d'));
    writeFileSync(at('f'), '');
    writeFileSync(at('h'), '');
    symlinkSync('f', at('l'));
    const { lines } = await site.run(`tasks: [{ file: { ${params} } }]`);
    expect(lines[0]).toMatch(message);
  });

  test('force puts a link in the place of a file', async () => {
    writeFileSync(at('f'), 'text');
    writeFileSync(at('g'), 'text');
    await site.runThrice(
      `
tasks:
  - file: { path: DIR/f, src: /nowhere, force: true }
  - file: { path: DIR/g, src: DIR/o, state: hard, force: true }
`.replace('tasks:', 'tasks:\n  - { file: { path: DIR/o, state: touch } }'),
    );
    expect(readlinkSync(at('f'))).toBe('/nowhere');
    expect(statSync(at('g')).nlink).toBe(2);
  });

  test('what a link leads to counts where it is as wanted', async () => {
    writeFileSync(at('f'), '', { mode: 0o600 });
    symlinkSync('f', at('l'));
    const { lines } = await site.run('tasks: [{ file: { path: DIR/l, mode: "0600" } }]');
    expect(lines).toEqual(['file ok']);
  });

  test.each<[object, RegExp]>([
    [{ state: 'link' }, /needs "src"/],
    [{ state: 'directory', src: 'a' }, /for links/],
    [{ state: 'file', recurse: true }, /for directories/],
    [{ mode: '999' }, /octal/],
    [{ mode: 'u=q' }, /chmod/],
    [{ owner: 'a b' }, /name of the host/],
    [{ state: 'hard', src: 'a' }, /begins with/],
    [{ path: '//', state: 'absent' }, /everything/],
  ])('refuses %j', (params, message) => {
    expect(complaints(file, { path: '/tmp/a', ...params }).join('\n')).toMatch(message);
  });
  test('a link may go up, also to what an earlier task makes', async () => {
    expect(
      await site.runThrice(`
tasks:
  - file: { path: DIR/a/b, state: directory }
  - file: { path: DIR/c, state: directory }
  - copy: { content: text, dest: DIR/c/f }
  - file: { path: DIR/a/b/link, src: ../../c/f }
`),
    ).toEqual(['file changed', 'file changed', 'copy changed', 'file changed']);
    expect(readFileSync(at('a/b/link'), 'utf8')).toBe('text');
  });

  test('a link that goes up from a link is refused, as nobody knows where that leads', async () => {
    mkdirSync(at('real/deep'), { recursive: true });
    symlinkSync('real/deep', at('short'));
    writeFileSync(at('real/f'), 'text');
    const { lines } = await site.run('tasks: [{ file: { path: DIR/short/link, src: ../f } }]');
    expect(lines[0]).toMatch(/^file failed: .*goes up from a symbolic link/);
    await site.runThrice('tasks: [{ file: { path: DIR/short/link, src: ../f, force: true } }]');
    expect(readFileSync(at('real/deep/link'), 'utf8')).toBe('text');
  });
});

describe('modeAfter', () => {
  const clause = fc
    .tuple(
      fc.constantFrom('', 'u', 'g', 'o', 'a', 'ug', 'go', 'ugo'),
      fc.constantFrom('+', '-', '='),
      fc.oneof(
        fc.constantFrom('u', 'g', 'o', ''),
        fc
          .uniqueArray(fc.constantFrom('r', 'w', 'x', 'X', 's', 't'), { maxLength: 4 })
          .map((one) => one.join('')),
      ),
    )
    .map((parts) => parts.join(''));

  test('does as chmod does', () => {
    const room = mkdtempSync(join(tmpdir(), 'xpush-mode-'));
    writeFileSync(join(room, 'f'), '');
    mkdirSync(join(room, 'd'));
    const given = fc.array(clause, { minLength: 1, maxLength: 3 }).map((all) => all.join(','));
    try {
      fc.assert(
        fc.property(given, fc.nat(0o7777), fc.boolean(), (text, before, isDirectory) => {
          const path = join(room, isDirectory ? 'd' : 'f');
          chmodSync(path, before);
          // a minus at the beginning is no option
          const done = spawnSync('/bin/sh', [
            '-c',
            'umask 022; chmod -- "$1" "$2"',
            'sh',
            text,
            path,
          ]);
          if (done.status !== 0 && done.stderr.includes('invalid')) return;
          expect(modeAfter(text, before, isDirectory)).toBe(statSync(path).mode & 0o7777);
        }),
        { numRuns: 150 },
      );
    } finally {
      rmSync(room, { recursive: true });
    }
  });
});
