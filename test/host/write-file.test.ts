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
import { describe, expect, test } from 'vitest';
import { change } from '../../src/host/change.ts';
import { type FileState, query } from '../../src/host/query.ts';
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

/** Writes over what is there now, and says how it went. */
async function write(
  running: RunningShell,
  path: string,
  content: string,
  mode?: number,
): Promise<{ status: number; body: string }> {
  const state = await running.look(query.file(path));
  return writeFrom(running, state, path, content, mode);
}

async function writeFrom(
  running: RunningShell,
  state: FileState,
  path: string,
  content: string,
  mode?: number,
): Promise<{ status: number; body: string }> {
  const options = { effect: 'boot', ...(mode === undefined ? {} : { mode }) } as const;
  const [section = { status: -1, body: 'nothing to do' }] = await running.act(
    ...change.writeFile(path, content, state, options),
  );
  return section;
}

const done = { status: 0, body: '' };

/** Names in the directory, so that nothing of ours is left. */
const namesIn = (directory: string) => readdirSync(directory).sort();

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
      { numRuns: runs(40) },
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
    symlinkSync(directory, join(place, `.xpush-${pid}-${running.nonce}`));

    const result = await write(running, join(place, 'file'), 'ours');

    expect(result.status).not.toBe(0);
    expect(result.body).toMatch(/File exists/);
    expect(existsSync(join(place, 'file'))).toBe(false);
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

describeShells('xp_write as the last line of defence', (shell) => {
  test.runIf(isRoot)('says why an immutable or append-only file stays as it is', async () => {
    await using running = new RunningShell(shell);
    const place = temporaryDirectory();
    const path = join(place, 'file');
    for (const flag of ['i', 'a']) {
      writeFileSync(path, 'old');
      execFileSync('chattr', [`+${flag}`, path]);
      try {
        const { status, body } = await write(running, path, 'new');

        expect(status).not.toBe(0);
        expect(body).toMatch(/not permitted.*\(immutable, or a read-only file system\?\)\n$/);
      } finally {
        execFileSync('chattr', [`-${flag}`, path]);
      }
      expect(readFileSync(path, 'latin1')).toBe('old');
      expect(namesIn(place)).toEqual(['file']);
    }
  });

  test.runIf(isRoot)('says that a file system is read-only', async () => {
    const place = temporaryDirectory();
    writeFileSync(join(place, 'file'), 'old');
    await using running = new RunningShell(shell, {
      wrapper: unshared(
        '-m',
        `mount --bind '${place}' '${place}'; mount -o remount,bind,ro '${place}'`,
      ),
    });

    const { status, body } = await write(running, join(place, 'file'), 'new');

    expect(status).not.toBe(0);
    expect(body).toMatch(/Read-only file system/);
  });

  test.runIf(isRoot)('leaves the old content where the disk is full', async () => {
    const place = temporaryDirectory();
    await using running = new RunningShell(shell, {
      wrapper: unshared('-m', `mount -t tmpfs -o size=64k tmpfs '${place}'`),
    });
    const path = join(place, 'file');
    const old = 'o'.repeat(20_000);
    expect(await write(running, path, old)).toEqual(done);

    const { status, body } = await write(running, path, 'n'.repeat(60_000));
    const { body: binary } = await write(running, path, '\xff'.repeat(60_000));
    await running.call(`cat /dev/zero >'${place}/filler'; :`);
    const { body: full } = await write(running, path, 'small');

    expect(status).not.toBe(0);
    expect(
      [body, binary, full].filter((text) => /disk full\?|No space left/.test(text)),
    ).toHaveLength(3);
    expect(await running.look(query.file(path))).toMatchObject({ content: old });
    expect((await running.call(`ls -A '${place}'`)).body).toBe('file\nfiller\n');
  });

  test.runIf(isRoot)('writes in place where the path is a mount point, and says so', async () => {
    const place = temporaryDirectory();
    writeFileSync(join(place, 'file'), 'shadowed');
    const source = join(temporaryDirectory(), 'source');
    writeFileSync(source, 'old');
    await using running = new RunningShell(shell, {
      wrapper: unshared('-m', `mount --bind '${source}' '${place}/file'`),
    });

    expect(await write(running, join(place, 'file'), 'new', 0o600)).toEqual({
      status: 0,
      body: 'it is a mount point: written in place\n',
    });

    expect(readFileSync(source, 'latin1')).toBe('new');
    expect(statSync(source).mode & 0o777).toBe(0o600);
    expect(namesIn(place)).toEqual(['file']);
  });

  test.runIf(isRoot)('does not empty a mount point on a full disk', async () => {
    const [place, disk] = [temporaryDirectory(), temporaryDirectory()];
    writeFileSync(join(place, 'file'), '');
    await using running = new RunningShell(shell, {
      wrapper: unshared(
        '-m',
        `mount -t tmpfs -o size=64k tmpfs '${disk}'; echo old >'${disk}/source'
         cat /dev/zero >'${disk}/filler'; mount --bind '${disk}/source' '${place}/file'`,
      ),
    });
    const path = join(place, 'file');

    const { status, body } = await write(running, path, 'n'.repeat(30_000));

    expect(status).not.toBe(0);
    expect(body).toContain(`${path} is a mount point and could not be written in place\n`);
    expect(await running.look(query.file(path))).toMatchObject({ content: 'old\n' });
  });

  test.runIf(isRoot)('refuses to change the owner of a file', async () => {
    const place = temporaryDirectory();
    chmodSync(place, 0o777);
    writeFileSync(join(place, 'file'), 'old');
    await using running = new RunningShell(shell, {
      wrapper: ['/usr/bin/setpriv', '--reuid', '1000', '--regid', '1000', '--clear-groups'],
    });

    const { status, body } = await write(running, join(place, 'file'), 'new');

    expect(status).not.toBe(0);
    expect(body).toContain('did not come out as meant (disk full? not root?)');
    expect(readFileSync(join(place, 'file'), 'latin1')).toBe('old');
    expect(namesIn(place)).toEqual(['file']);
  });

  const keepsAttributes = isRoot && hasTool('setfacl') && hasTool('setfattr');
  // busybox's cp does not know them
  test.runIf(keepsAttributes && !shell.isBusybox)('keeps ACL and extended attributes', async () => {
    await using running = new RunningShell(shell);
    const path = join(temporaryDirectory(), 'file');
    writeFileSync(path, 'old', { mode: 0o640 });
    execFileSync('setfacl', ['-m', 'u:1000:rw', path]);
    execFileSync('setfattr', ['-n', 'user.origin', '-v', 'theirs', path]);
    const attributes = () =>
      execFileSync('getfacl', ['-pc', path]).toString() +
      execFileSync('getfattr', ['-d', '--absolute-names', path]).toString();
    const before = attributes();

    expect(await write(running, path, 'new')).toEqual(done);

    expect(readFileSync(path, 'latin1')).toBe('new');
    expect(attributes()).toBe(before);
  });
  if (!keepsAttributes) process.stderr.write('skipped: ACL and attributes need root and setfacl\n');
});

const canTrace = hasTool('strace');
if (!canTrace) process.stderr.write('skipped: system calls, as strace is missing\n');

describe.runIf(canTrace)('xp_write, traced', () => {
  describeShells('', (shell) => {
    /** System calls of a write of a secret over a readable file, one a line. */
    async function trace(change: (running: RunningShell, path: string) => Promise<void>) {
      const place = temporaryDirectory();
      const log = join(temporaryDirectory(), 'log');
      const path = join(place, 'file');
      writeFileSync(path, 'old\n', { mode: 0o644 });
      {
        const calls =
          'execve,open,openat,creat,mkdir,mkdirat,chmod,fchmod,fchmodat,rename,renameat,renameat2,fsync,fdatasync,unlinkat,unlink,umask';
        await using running = new RunningShell(shell, {
          wrapper: [...'/usr/bin/strace -f -y -s 4096 -e'.split(' '), `trace=${calls}`, '-o', log],
        });
        await change(running, path);
        await running.close();
      }
      const lines = readFileSync(log, 'latin1').split('\n');
      return { path, place, lines: lines.map((line) => line.replace(/^\d+ +/, '')) };
    }

    test('makes the new file durable before the rename, and the directory after', async () => {
      const { path, lines } = await trace(async (running, file) => {
        expect(await write(running, file, 'new\n')).toEqual(done);
      });
      const find = (pattern: RegExp) => lines.findIndex((line) => pattern.test(line));

      const content = find(/^fsync\(.*\/new>\)/);
      const rename = find(/^rename.*\/new".*\/file".* = 0$/);
      const entry = lines.findLastIndex((line) => /^fsync\(/.test(line));

      expect(content).toBeGreaterThan(-1);
      expect(rename).toBeGreaterThan(content);
      expect(entry).toBeGreaterThan(rename);
      expect(path).toContain('/file');
    });

    test('keeps a secret from others at every moment, and from argv', async () => {
      const secret = 'correct horse battery staple';
      const { place, lines } = await trace(async (running, file) => {
        expect(await write(running, file, `${secret}\n`, 0o600)).toEqual(done);
        expect(await write(running, `${file} 2`, `\xff${secret}`, 0o600)).toEqual(done);
      });
      const base64 = Buffer.from(`\xff${secret}`, 'latin1').toString('base64');

      const executed = lines.filter((line) => line.startsWith('execve('));
      const opened = lines.filter((line) => /^(open|creat)/.test(line) && line.includes('O_CREAT'));
      const made = lines.filter((line) => line.startsWith('mkdir') && line.includes(place));

      expect(executed).not.toEqual([]);
      expect(executed.filter((line) => line.includes(secret) || line.includes(base64))).toEqual([]);
      expect(made).toHaveLength(2);
      expect(made.map((line) => maskAt(lines, line) & modeIn(line))).toEqual([0o700, 0o700]);
      expect(opened.filter((line) => line.includes(place) && !line.includes('/.xpush-'))).toEqual(
        [],
      );
    });
  });
});

const modeIn = (line: string) => Number.parseInt(/, (0\d+)\) += 0$/.exec(line)?.[1] ?? '0', 8);

/** What the umask in force at a line of the trace lets through. */
function maskAt(lines: readonly string[], line: string): number {
  const last = lines.slice(0, lines.indexOf(line)).findLast((one) => one.startsWith('umask('));
  return ~Number.parseInt(last?.slice('umask('.length) ?? '0', 8) & 0o7777;
}

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
