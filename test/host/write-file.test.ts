import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { query } from '../../src/host/query.ts';
import { runs } from '../runs.ts';
import {
  describeShells,
  hasTool,
  isRoot,
  RunningShell,
  type Shell,
  temporaryDirectory,
  unshared,
} from './shells.ts';

import { done, namesIn, write, writeFrom } from './writes.ts';

describeShells('xp_write', (shell) => {
  const directory = temporaryDirectory();
  const at = (name: string) => join(directory, name);

  test('writes any bytes, with the mode asked for or kept', async () => {
    await using running = new RunningShell(shell);
    const place = temporaryDirectory();
    const path = join(place, 'a file');
    const size = fc.oneof({ weight: 9, arbitrary: fc.nat(300) }, fc.nat(70_000));
    const content = size.chain((length) =>
      fc.oneof(
        fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes)),
        fc
          .string({ unit: fc.constantFrom(...'\n\tab\'\\"$`%!EOF- '), maxLength: 300 })
          .map((text) => Buffer.from(text)),
      ),
    );
    const mode = fc.option(
      fc.integer({ min: 0, max: 0o7777 }).map((bits) => bits | (isRoot ? 0 : 0o600)),
    );
    await fc.assert(
      fc.asyncProperty(content, mode, async (bytes, bits) => {
        const before = existsSync(path) ? statSync(path).mode & 0o7777 : 0o644;

        const result = await write(running, path, bytes.toString('latin1'), bits ?? undefined);

        const expected = result.status === -1 ? { status: -1, body: 'nothing to do' } : done;
        expect(result).toEqual(expected);
        expect(readFileSync(path).equals(bytes)).toBe(true);
        expect(statSync(path).mode & 0o7777).toBe(bits ?? before);
        expect(namesIn(place)).toEqual(['a file']);
      }),
      { numRuns: runs(20) },
    );
  });

  test.runIf(isRoot)('keeps the owner, and setuid bits', async () => {
    await using running = new RunningShell(shell);
    writeFileSync(at('owned'), 'old');
    chownSync(at('owned'), 1234, 5678);
    chmodSync(at('owned'), 0o6751);

    expect(await write(running, at('owned'), 'new')).toEqual(done);

    expect(statSync(at('owned'))).toMatchObject({ uid: 1234, gid: 5678, mode: 0o106751 });
    expect(readFileSync(at('owned'), 'latin1')).toBe('new');
  });

  test.each(['000', '077', '777'])('gives the right mode under umask %s', async (umask) => {
    await using running = new RunningShell(shell);
    running.send(`umask ${umask}\n`);

    expect(await write(running, at(`new ${umask}`), 'x\n')).toEqual(done);
    expect(await write(running, at(`secret ${umask}`), 'x\n', 0o600)).toEqual(done);

    expect(statSync(at(`new ${umask}`)).mode & 0o7777).toBe(0o644);
    expect(statSync(at(`secret ${umask}`)).mode & 0o7777).toBe(0o600);
  });

  test('says that the other names of a file keep the old content', async () => {
    await using running = new RunningShell(shell);
    writeFileSync(at('linked'), 'old');
    linkSync(at('linked'), at('other name'));

    expect(await write(running, at('linked'), 'new')).toEqual({
      status: 0,
      body: 'it had 2 names: the others keep the old content\n',
    });

    expect(readFileSync(at('linked'), 'latin1')).toBe('new');
    expect(readFileSync(at('other name'), 'latin1')).toBe('old');
  });

  test('writes through symbolic links, and keeps them', async () => {
    await using running = new RunningShell(shell);
    const place = temporaryDirectory();
    mkdirSync(join(place, 'sub dir\n'));
    symlinkSync('sub dir\n/second', join(place, 'first'));
    symlinkSync('../real\n', join(place, 'sub dir\n/second'));
    writeFileSync(join(place, 'real\n'), 'old');

    expect(await write(running, join(place, 'first'), 'new')).toEqual(done);

    expect(readFileSync(join(place, 'real\n'), 'latin1')).toBe('new');
    expect(lstatSync(join(place, 'first')).isSymbolicLink()).toBe(true);
    expect(lstatSync(join(place, 'sub dir\n/second')).isSymbolicLink()).toBe(true);
    expect(namesIn(place)).toEqual(['first', 'real\n', 'sub dir\n']);
  });

  test.runIf(isRoot)(
    'replaces a link among what is remembered: no memory is kept elsewhere',
    async () => {
      const place = temporaryDirectory();
      const wrapper = unshared('-m', `mount --bind ${place} /var/lib`);
      await using running = new RunningShell(shell, { wrapper });
      mkdirSync(join(place, 'xpush'));
      writeFileSync(join(place, 'theirs'), '{"tables":[16]}');
      symlinkSync('../theirs', join(place, 'xpush/ip_rules.json'));
      symlinkSync('../made', join(place, 'xpush/dangling.json'));

      for (const name of ['ip_rules', 'dangling']) {
        expect(await write(running, `/var/lib/xpush/${name}.json`, 'ours', 0o600)).toEqual(done);
        const path = join(place, `xpush/${name}.json`);
        expect([lstatSync(path).isFile(), readFileSync(path, 'latin1')]).toEqual([true, 'ours']);
      }

      expect(readFileSync(join(place, 'theirs'), 'latin1')).toBe('{"tables":[16]}');
      expect(namesIn(place)).toEqual(['theirs', 'xpush']);
    },
  );

  test('makes the file that a dangling link leads to', async () => {
    await using running = new RunningShell(shell);
    symlinkSync('made', at('dangling'));

    expect(await write(running, at('dangling'), 'new')).toEqual(done);

    expect(readFileSync(at('made'), 'latin1')).toBe('new');
    expect(lstatSync(at('dangling')).isSymbolicLink()).toBe(true);
  });

  test('refuses what it cannot replace, in words', async () => {
    await using running = new RunningShell(shell);
    const place = temporaryDirectory();
    mkdirSync(join(place, 'directory'));
    writeFileSync(join(place, 'directory/inside'), 'x');
    execFileSync('mkfifo', [join(place, 'fifo')]);
    symlinkSync('loop', join(place, 'loop'));
    const bodyOf = async (name: string) => (await write(running, join(place, name), 'x')).body;

    expect(await bodyOf('directory')).toBe(
      `${place}/directory is no file that can be replaced (it is directory)\n`,
    );
    expect(await bodyOf('fifo')).toBe(
      `${place}/fifo is no file that can be replaced (it is special)\n`,
    );
    expect(await bodyOf('loop')).toBe(`${place}/loop: too many levels of symbolic links\n`);
    expect(await bodyOf('no/such/file')).toBe(`the directory ${place}/no/such does not exist\n`);
    expect(await bodyOf('loop/file')).toBe(`the directory ${place}/loop does not exist\n`);
    expect(namesIn(place)).toEqual(['directory', 'fifo', 'loop']);
    expect(namesIn(join(place, 'directory'))).toEqual(['inside']);
  });

  test('refuses a state that has moved, and touches nothing', async () => {
    await using running = new RunningShell(shell);
    const path = at('moved');
    const states: [string, () => void][] = [
      ['content', () => writeFileSync(path, 'OLD')],
      ['mode', () => chmodSync(path, 0o600)],
      ['gone', () => execFileSync('rm', [path])],
      ['directory', () => execFileSync('sh', ['-c', `rm '${path}'; mkdir '${path}'`])],
    ];
    for (const [what, move] of states) {
      writeFileSync(path, 'old');
      chmodSync(path, 0o644);
      const state = await running.look(query.file(path));
      move();
      const before = existsSync(path) ? lstatSync(path).ctimeMs : null;

      const result = await writeFrom(running, state, path, 'new');

      expect(result.status, what).toBe(75);
      expect(existsSync(path) ? lstatSync(path).ctimeMs : null, what).toBe(before);
    }
  });

  test('refuses a file that was made since', async () => {
    await using running = new RunningShell(shell);
    writeFileSync(at('since'), 'theirs');

    const result = await writeFrom(running, { type: 'absent' }, at('since'), 'ours');

    expect(result.status).toBe(75);
    expect(readFileSync(at('since'), 'latin1')).toBe('theirs');
  });

  test.skipIf(shell.isBusybox)('looks once more before the rename', async () => {
    const place = temporaryDirectory();
    const path = join(place, 'file');
    const tools = shimmed(shell, 'sync', `echo theirs >'${path}'; exec sync "$@"`);
    await using running = new RunningShell(tools);
    writeFileSync(path, 'old');

    const result = await write(running, path, 'ours');

    expect(result.status).toBe(75);
    expect(readFileSync(path, 'latin1')).toBe('theirs\n');
    expect(namesIn(place)).toEqual(['file']);
  });

  test('a large file is replaced by what it was planned from, or not at all', async () => {
    await using running = new RunningShell(shell);
    const large = 'x'.repeat(300_000);
    writeFileSync(at('large'), large);

    expect((await write(running, at('large'), `${large}y`)).status).toBe(0);
    expect((await write(running, at('large'), `${large}y`)).status).toBe(-1);
    const state = await running.look(query.file(at('large')));
    writeFileSync(at('large'), `${large}z`);

    expect((await writeFrom(running, state, at('large'), large)).status).toBe(75);
  });

  test('does not follow what was planted in its way', async () => {
    await using running = new RunningShell(shell);
    const place = temporaryDirectory();
    const victim = at('victim');
    writeFileSync(victim, 'precious');
    const { pid } = running.child;
    const planted = join(place, `.xpush-${pid}-${running.nonce}`);
    symlinkSync(directory, `${planted}-new`);
    const alone = await write(running, join(place, 'alone'), 'ours');
    symlinkSync(directory, planted);

    const result = await write(running, join(place, 'file'), 'ours');

    expect(alone).toEqual(done);
    expect(result.status).not.toBe(0);
    expect(result.body).toMatch(/File exists/);
    expect(existsSync(join(place, 'file'))).toBe(false);
    expect(existsSync(join(directory, 'alone'))).toBe(false);
    expect(readFileSync(victim, 'latin1')).toBe('precious');
  });

  test.skipIf(shell.isBusybox)(
    'needs base64 or openssl for what is no plain text, and says so',
    async () => {
      const tools = [
        'cat',
        'chmod',
        'cksum',
        'cp',
        'head',
        'ls',
        'mkdir',
        'mv',
        'rm',
        'sync',
        'wc',
      ];
      const bare = withTools(shell, [...tools, 'sha256sum', 'readlink']);
      await using running = new RunningShell(bare);

      expect(await write(running, at('text'), 'plain\n')).toEqual(done);
      const result = await write(running, at('binary'), '\xff');

      expect(result.body).toContain('neither base64 nor openssl is installed');
      expect(result.status).not.toBe(0);
      expect(existsSync(at('binary'))).toBe(false);

      if (!hasTool('openssl')) return;
      await running.call(`PATH=$PATH:'${withTools(shell, ['openssl']).path}'`);

      expect(await write(running, at('binary'), '\xff'.repeat(500))).toEqual(done);
      expect(readFileSync(at('binary'), 'latin1')).toBe('\xff'.repeat(500));
    },
  );

  test.skipIf(shell.isBusybox)('can do with cksum where there is no sha256sum', async () => {
    const all = readdirSync('/usr/bin').filter((name) => !/^sha\d+sum$|^openssl$/.test(name));
    const bare = withTools(shell, all);
    await using running = new RunningShell(bare);
    writeFileSync(at('summed'), 'old');

    expect(await write(running, at('summed'), 'new')).toEqual(done);
    const state = await running.look(query.file(at('summed')));
    writeFileSync(at('summed'), 'old');

    expect((await writeFrom(running, state, at('summed'), 'x')).status).toBe(75);
  });
});

/** The shell with another tool in place of one of its own. */
function shimmed(shell: Shell, name: string, script: string): Shell {
  const shims = temporaryDirectory();
  const path = `PATH='${shell.path}'`;
  writeFileSync(join(shims, name), `#!/bin/sh\n${path}\n${script}\n`, { mode: 0o755 });
  return { ...shell, path: `${shims}:${shell.path}` };
}

/** The shell with none but these tools. */
function withTools(shell: Shell, names: readonly string[]): Shell {
  const tools = temporaryDirectory();
  for (const name of names) {
    const found = shell.path
      .split(':')
      .map((place) => join(place, name))
      .find(existsSync);
    if (found !== undefined) symlinkSync(found, join(tools, name));
  }
  return { ...shell, path: tools };
}
