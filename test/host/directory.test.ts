import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileLook, readAnswers } from '../../src/host/look-program.ts';
import { nothingKnown } from '../../src/host/program.ts';
import { contentLimit, directoryLimit, query } from '../../src/host/query.ts';
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
