import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compileAct } from '../../src/host/act-program.ts';
import { change } from '../../src/host/change.ts';
import { query } from '../../src/host/query.ts';
import { until } from '../until.ts';
import {
  describeShells,
  hasTool,
  isRoot,
  RunningShell,
  temporaryDirectory,
  unshared,
} from './shells.ts';
import { done, namesIn, write } from './writes.ts';

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

  test('takes away what a shell left that was killed while it wrote, and nothing else', async () => {
    const place = temporaryDirectory();
    const path = join(place, 'file');
    {
      await using killed = new RunningShell(shell);
      await killed.observe([]);
      // stands where the new file is made durable
      await killed.call(`xp_durable() { echo >'${place}/begun'; while :; do sleep 1; done; }`);
      const [write] = change.writeFile(path, 'lost', { type: 'absent' }, { effect: 'boot' });
      killed.send(compileAct([{ id: '0', change: write! }], killed.known));
      await until(() => existsSync(join(place, 'begun')));
    }
    const left = namesIn(place).filter((name) => name.startsWith('.xpush-'));
    const theirs = [`.xpush-${process.pid}-alive`, '.xpush-none', '.xpush-x-y', '.xpush-1x-y'];
    for (const name of theirs) mkdirSync(join(place, name));
    const elsewhere = temporaryDirectory();
    writeFileSync(join(elsewhere, 'new'), 'theirs');
    symlinkSync(elsewhere, join(place, '.xpush-999999999-link'));
    await using running = new RunningShell(shell);

    expect(await write(running, path, 'new')).toEqual(done);

    expect(left).toHaveLength(1);
    expect(namesIn(place)).toEqual(
      ['.xpush-999999999-link', ...theirs, 'begun', 'file'].toSorted(),
    );
    expect(namesIn(elsewhere)).toEqual(['new']);
    expect(readFileSync(path, 'latin1')).toBe('new');
  });

  test.runIf(isRoot)('leaves what a shell of somebody else is about', async () => {
    const place = temporaryDirectory();
    const other = join(place, '.xpush-999999999-other');
    mkdirSync(other);
    chownSync(other, 1000, 1000);
    await using running = new RunningShell(shell);

    expect(await write(running, join(place, 'file'), 'new')).toEqual(done);

    expect(existsSync(other)).toBe(true);
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
