import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { change } from '../../src/host/change.ts';
import { compileLook, readAnswers } from '../../src/host/look-program.ts';
import { nothingKnown } from '../../src/host/program.ts';
import { contentLimit, directoryLimit, query, queryKey } from '../../src/host/query.ts';
import { HostState } from '../../src/host/state.ts';
import { runs } from '../runs.ts';
import { describeShells, isRoot, RunningShell, temporaryDirectory } from './shells.ts';

const hostile = [
  'plain.cfg',
  '-rf.cfg',
  'with space.cfg',
  '$(touch pwned).cfg',
  '`touch pwned`.cfg',
  "it's.cfg",
  '*.cfg',
  '[a-z].cfg',
  'esc\x1b[31m.cfg',
  'cr\r.cfg',
  'tab\t.cfg',
  'back\\slash.cfg',
  'é ünï 🐘.cfg',
  'x.cfg.cfg',
  'more.cfg',
  '~.cfg',
];

describeShells('query.directory', (shell) => {
  test('gives the files whose names end so, in byte order, with their contents', async () => {
    const place = join(temporaryDirectory(), "-n it's [a] $HOME");
    mkdirSync(place);
    for (const name of hostile) writeFileSync(join(place, name), `content of ${name}\n`);
    for (const name of ['a.cfg~', 'cfg', 'b.cfgx', '.hidden.cfg', 'line\nbreak.cfg', '\n.cfg']) {
      writeFileSync(join(place, name), 'not asked for');
    }
    writeFileSync(
      Buffer.concat([Buffer.from(`${place}/`), Buffer.from('\xff.cfg', 'latin1')]),
      'x',
    );
    await using running = new RunningShell(shell);

    const seen = await running.look(query.directory(place, '.cfg'));

    const names = hostile.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(seen).toMatchObject({ exists: true, isCut: false });
    expect([...seen.files.keys()]).toEqual(names.map((name) => join(place, name)));
    expect(
      [...seen.files.values()].map((file) =>
        file.type === 'file' ? Buffer.from(file.content ?? '', 'latin1').toString() : file.type,
      ),
    ).toEqual(names.map((name) => `content of ${name}\n`));
  });

  test('tells what is no regular file, and opens none of it', async () => {
    const place = temporaryDirectory();
    execFileSync('mkfifo', [join(place, 'fifo.d')]);
    mkdirSync(join(place, 'directory.d'));
    symlinkSync('/dev/null', join(place, 'masked.d'));
    symlinkSync('/nowhere', join(place, 'dangling.d'));
    symlinkSync('plain', join(place, 'link.d'));
    writeFileSync(join(place, 'plain'), 'linked');
    writeFileSync(join(place, 'large.d'), Buffer.alloc(contentLimit + 1, 'L'));
    await using running = new RunningShell(shell);

    const { files } = await running.look(query.directory(place, '.d'));

    expect(Object.fromEntries(files)).toMatchObject({
      [join(place, 'directory.d')]: { type: 'directory' },
      [join(place, 'fifo.d')]: { type: 'special' },
      [join(place, 'large.d')]: { type: 'file', content: null, size: contentLimit + 1 },
      [join(place, 'link.d')]: { type: 'file', content: 'linked' },
      [join(place, 'masked.d')]: { type: 'special' },
    });
    expect(files.size).toBe(5);
  });

  test('is asked with files and other directories in one look', async () => {
    const place = temporaryDirectory();
    mkdirSync(join(place, 'one'));
    mkdirSync(join(place, 'two'));
    for (const name of ['one/a.x', 'one/b.x', 'two/a.x', 'two/a.y']) {
      writeFileSync(join(place, name), name);
    }
    await using running = new RunningShell(shell);
    const queries = [
      query.directory(join(place, 'one'), '.x'),
      query.file(join(place, 'one/b.x')),
      query.directory(`${place}/two/`, ''),
      query.directory(join(place, 'three'), '.x'),
      query.directory(join(place, 'one/a.x'), '.x'),
      query.file(join(place, 'nowhere')),
    ];

    const state = new HostState(await running.observe(queries));
    const [one, file, two, three, noDirectory, absent] = queries.map((asked) => {
      const observation = state.get(asked);
      return observation !== undefined && 'answer' in observation ? observation.answer : null;
    }) as never as [never, never, never, never, never, never];

    const fileOf = (name: string) => [
      join(place, name),
      expect.objectContaining({ content: name }),
    ];
    expect(one).toEqual({
      ...{ exists: true, isCut: false },
      files: new Map([fileOf('one/a.x'), fileOf('one/b.x')] as never),
    });
    expect(file).toMatchObject({ content: 'one/b.x' });
    expect(two).toEqual({
      ...{ exists: true, isCut: false },
      files: new Map([fileOf('two/a.x'), fileOf('two/a.y')] as never),
    });
    expect(three).toEqual({ exists: false, isCut: false, files: new Map() });
    expect(noDirectory).toEqual({ exists: false, isCut: false, files: new Map() });
    expect(absent).toEqual({ type: 'absent' });
  });

  test('gives no more than the limit, and says that there were more', async () => {
    const place = temporaryDirectory();
    const names = Array.from({ length: directoryLimit + 1 }, (_, index) => `${1000 + index}.x`);
    for (const name of names) writeFileSync(join(place, name), '');
    writeFileSync(join(place, 'other.y'), '');
    await using running = new RunningShell(shell);

    const cut = await running.look(query.directory(place, '.x'));
    execFileSync('rm', [join(place, '1000.x')]);
    const whole = await running.look(query.directory(place, '.x'));

    expect(cut).toMatchObject({ exists: true, isCut: true });
    expect([...cut.files.keys()]).toEqual(
      names.slice(0, directoryLimit).map((name) => join(place, name)),
    );
    expect(whole.isCut).toBe(false);
    expect(whole.files.size).toBe(directoryLimit);
  });

  test.runIf(isRoot)('tells what the login may not read', async () => {
    const place = temporaryDirectory();
    mkdirSync(join(place, 'closed'), { mode: 0o700 });
    writeFileSync(join(place, 'secret.x'), 'x', { mode: 0o600 });
    await using running = new RunningShell(shell, {
      wrapper: ['/usr/bin/setpriv', '--reuid', '1000', '--regid', '1000', '--clear-groups'],
    });

    await expect(running.look(query.directory(join(place, 'closed'), '.x'))).rejects.toThrow(
      `${join(place, 'closed')} can't be read by this login`,
    );
    expect((await running.look(query.directory(place, '.x'))).files).toEqual(
      new Map([[join(place, 'secret.x'), { type: 'unreadable' }]]),
    );
  });

  // the others have no such options
  test.runIf(shell.name === 'bash')('is not misled by options of globs', async () => {
    const place = temporaryDirectory();
    for (const name of ['a.x', '.b.x', 'c.X']) writeFileSync(join(place, name), '');
    for (const BASHOPTS of ['dotglob', 'nocaseglob', 'failglob', 'nullglob']) {
      await using running = new RunningShell(shell, { env: { BASHOPTS, GLOBIGNORE: '*/a.x' } });

      const { files } = await running.look(query.directory(place, '.x'));
      const none = await running.look(query.directory(place, '.none'));

      expect([...files.keys()]).toEqual([join(place, 'a.x')]);
      expect(none.files.size).toBe(0);
    }
  });
});

describe('query.directory', () => {
  test.each(['a/b', 'a\0', 'a\nb', '\ud800'])('refuses the suffix %j', (suffix) => {
    expect(() => compileLook([query.directory('/etc', suffix)], 'x', nothingKnown)).toThrow(
      /^not the end of a name/,
    );
  });

  const asked = query.directory('/d', '.x');
  const sectionsOf = (names: string, types = '', contents = '') =>
    new Map(
      Object.entries({ names, files: types, contents, sums: '' }).map(([id, body]) => [
        id,
        { status: 0, body },
      ]),
    );

  test.each([
    ['nothing', ''],
    ['another directory', 'directory\n/e/a.x\n\n'],
    ['a file below it', 'directory\n/d/e/a.x\n\n'],
    ['the way up', 'directory\n/d/../etc/passwd.x\n\n'],
    ['another suffix', 'directory\n/d/a.y\n\n'],
    ['a hidden file', 'directory\n/d/.x\n\n'],
    ['too many', `directory\n${'/d/a.x\n'.repeat(directoryLimit + 1)}\n`],
  ])('believes no host that tells of %s', (_what, names) => {
    expect(readAnswers([asked], sectionsOf(names, 'absent\n'.repeat(400)))).toBeNull();
  });

  test('never fails, whatever a host says', () => {
    const text = fc.array(
      fc.constantFrom(
        ...['directory\n', '/d/a.x\n', '/d/b.x\n', '\n', 'more\n', 'file\n', 'absent\n'],
        ...['-rw-r--r-- 1 0 0 1 Nov 22 17:27 /d/a.x\n', 'unreadable\n', 'x', '\xff'],
      ),
    );
    fc.assert(
      fc.property(text, text, (names, types) => {
        readAnswers([asked], sectionsOf(names.join(''), types.join(''), 'x'));
      }),
      { numRuns: runs(1000) },
    );
  });
});

describeShells('xp_make_directory', (shell) => {
  test('makes a directory of that mode, and those above it', async () => {
    await using running = new RunningShell(shell);
    const place = temporaryDirectory();
    for (const [name, mode] of [
      ['a/b/-c d', 0o750],
      ['e', 0o2775],
      ['f/', 0o700],
    ] as const) {
      expect(
        await running.act(...change.makeDirectory(`${place}/${name}`, { type: 'absent' }, mode)),
      ).toEqual([{ status: 0, body: '' }]);
      expect(statSync(join(place, name)).mode & 0o7777).toBe(mode);
    }
    expect(statSync(join(place, 'a/b')).mode & 0o777).toBe(0o755);
  });

  test('leaves one that is there already', async () => {
    await using running = new RunningShell(shell);
    const place = temporaryDirectory();
    mkdirSync(join(place, 'there'));
    chmodSync(join(place, 'there'), 0o711);
    symlinkSync('there', join(place, 'link'));

    for (const name of ['there', 'link']) {
      expect(
        await running.act(...change.makeDirectory(join(place, name), { type: 'absent' })),
      ).toEqual([{ status: 0, body: '' }]);
    }
    expect(statSync(join(place, 'there')).mode & 0o777).toBe(0o711);
  });

  test('refuses where something else is in the way', async () => {
    await using running = new RunningShell(shell);
    const place = temporaryDirectory();
    writeFileSync(join(place, 'file'), 'theirs');
    symlinkSync('nowhere', join(place, 'dangling'));

    for (const name of ['file', 'dangling']) {
      const path = join(place, name);
      expect(await running.act(...change.makeDirectory(path, { type: 'absent' }))).toEqual([
        { status: 1, body: `${path} is in the way: it is no directory\n` },
      ]);
    }
    const [below] = await running.act(
      ...change.makeDirectory(join(place, 'file/below'), { type: 'absent' }),
    );
    expect(below?.status).not.toBe(0);
    expect(readFileSync(join(place, 'file'), 'latin1')).toBe('theirs');
    expect(existsSync(join(place, 'nowhere'))).toBe(false);
  });
});

describeShells('xp_remove of a directory', (shell) => {
  test('removes an empty one, and the link to one, but never what is in it', async () => {
    await using running = new RunningShell(shell);
    const place = temporaryDirectory();
    for (const name of ['-empty', 'full', 'linked']) mkdirSync(join(place, name));
    writeFileSync(join(place, 'full/file'), 'theirs');
    symlinkSync('full', join(place, 'link'));
    const remove = async (name: string) => {
      const path = join(place, name);
      const before = await running.look(query.file(path));
      return running.act(...change.removeFile(path, before, 'boot'));
    };

    expect(await remove('-empty')).toEqual([{ status: 0, body: '' }]);
    expect(await remove('link')).toEqual([{ status: 0, body: '' }]);
    expect(await remove('full')).toMatchObject([
      { status: 1, body: expect.stringMatching(/not empty/i) },
    ]);

    expect(['-empty', 'link', 'full/file'].map((name) => existsSync(join(place, name)))).toEqual([
      ...[false, false, true],
    ]);
  });
});

describe('HostState.after', () => {
  const listing = query.directory('/etc/d', '.x');
  const parent = query.directory('/etc', '');
  const path = query.file('/etc/d');
  const start = new HostState(
    new Map([
      [queryKey(listing), { answer: { exists: false, files: new Map(), isCut: false } }],
      [queryKey(parent), { answer: { exists: true, files: new Map(), isCut: false } }],
      [queryKey(path), { answer: { type: 'absent' } }],
    ]),
  );
  const answer = (state: HostState, asked: typeof listing | typeof path) => {
    const observation = state.get(asked);
    return observation !== undefined && 'answer' in observation ? observation.answer : null;
  };
  const write = (name: string, content: string) =>
    change.writeFile(name, content, { type: 'absent' }, { effect: 'boot' })[0]!;

  test('a directory lists what is written into it, in byte order, and loses what is removed', () => {
    const made = start.after(change.makeDirectory('/etc/d', { type: 'absent' })[0]!);
    const after = [
      ...['/etc/d/b.x', '/etc/d/é.x', '/etc/d/a.x', '/etc/d/a.y', '/etc/d/.c.x', '/etc/d/e/f.x'],
      '/etc/dd/a.x',
    ].reduce((state: HostState, name) => state.after(write(name, name)), made);
    const less = after.after({
      ...{ kind: 'remove', effect: 'boot', path: '/etc/d/b.x', before: { type: 'absent' } },
    });

    expect(answer(made, path)).toEqual({ type: 'directory' });
    expect(answer(made, listing)).toEqual({ exists: true, files: new Map(), isCut: false });
    expect(answer(made, parent)).toMatchObject({
      files: new Map([['/etc/d', { type: 'directory' }]]),
    });
    expect(answer(after, listing)).toMatchObject({ exists: true });
    expect([...(answer(after, listing) as never as { files: Map<string, never> }).files]).toEqual(
      ['/etc/d/a.x', '/etc/d/b.x', '/etc/d/é.x'].map((name) => [
        ...[name, expect.objectContaining({ type: 'file', content: name })],
      ]),
    );
    expect([
      ...(answer(less, listing) as never as { files: Map<string, never> }).files.keys(),
    ]).toEqual(['/etc/d/a.x', '/etc/d/é.x']);
  });

  test('a directory brings those above it, and is gone when it is removed', () => {
    const made = start.after(change.makeDirectory('/etc/d/e/f', { type: 'absent' })[0]!);
    const removed = made.after({
      ...{ kind: 'remove', effect: 'boot', path: '/etc/d', before: { type: 'directory' } },
    });

    expect(answer(made, path)).toEqual({ type: 'directory' });
    expect(answer(made, listing)).toMatchObject({ exists: true });
    expect(answer(removed, path)).toEqual({ type: 'absent' });
    expect(answer(removed, listing)).toMatchObject({ exists: false });
  });
});
