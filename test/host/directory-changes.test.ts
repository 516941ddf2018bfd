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
import { describe, expect, test } from 'vitest';
import { change } from '../../src/host/change.ts';
import { query, queryKey } from '../../src/host/query.ts';
import { HostState } from '../../src/host/state.ts';
import { describeShells, RunningShell, temporaryDirectory } from './shells.ts';

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
