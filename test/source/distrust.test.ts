import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { distrustOf, distrustOfDirectory, exposureOf } from '../../src/source/distrust.ts';

const root = mkdtempSync(join(tmpdir(), 'xpush-distrust-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
afterEach(() => {
  vi.unstubAllEnvs();
});
const isRoot = process.getuid?.() === 0;
const somebody = 65_534; // nobody's uid; its group is no user's own
const nobodysGroup = 54_321; // in no /etc/group

let count = 0;
/** A file in a directory of its own, with these modes. */
function file(mode: number, directoryMode = 0o755): string {
  const directory = join(root, `${++count}`);
  mkdirSync(directory);
  writeFileSync(join(directory, 'f'), 'x');
  chmodSync(join(directory, 'f'), mode);
  chmodSync(directory, directoryMode);
  return join(directory, 'f');
}

describe('distrustOf', () => {
  test('trusts what only we may write to, here in a sticky directory', () => {
    expect(distrustOf(file(0o644))).toBeNull();
    expect(distrustOf(file(0o600, 0o700))).toBeNull();
    expect(distrustOf(join(root, 'none'))).toBeNull();
  });

  test('trusts nothing that everybody may write to (CVE-2018-10874)', () => {
    const path = file(0o666);

    expect(distrustOf(path)).toEqual({
      message: 'everybody may write to it',
      hint: `chmod o-w ${path}`,
    });
  });

  test('trusts nothing in a directory that everybody may write to (CVE-2018-10875)', () => {
    const path = file(0o644, 0o777);
    const directory = join(path, '..');

    expect(distrustOf(path)).toEqual({
      message: `everybody may write to the directory "${directory}"`,
      hint: `chmod o-w ${directory}`,
    });
    mkdirSync(join(directory, 'below'));
    writeFileSync(join(directory, 'below', 'f'), '');
    expect(distrustOf(join(directory, 'below', 'f'))?.message).toContain('everybody may write to');
  });

  test('looks where a link leads, and where it is', () => {
    const real = file(0o644);
    const open = file(0o644, 0o777);
    symlinkSync(real, join(open, '..', 'link'));
    const safe = file(0o644);
    symlinkSync(open, join(safe, '..', 'link'));

    expect(distrustOf(join(open, '..', 'link'))?.message).toContain('directory');
    expect(distrustOf(join(safe, '..', 'link'))?.message).toContain('directory');
    chmodSync(real, 0o666);
    symlinkSync(real, join(safe, '..', 'other'));
    expect(distrustOf(join(safe, '..', 'other'))?.message).toBe('everybody may write to it');
  });

  test('trusts a sticky directory with what is ours in it, but not to be read as a whole', () => {
    const path = file(0o644, 0o1777);

    expect(distrustOf(path)).toBeNull();
    expect(distrustOfDirectory(join(path, '..'))?.message).toBe('everybody may write to it');
  });

  test.skipIf(!isRoot)('trusts nothing of another user in a sticky directory', () => {
    const path = file(0o644, 0o1777);
    chownSync(path, somebody, 0);

    expect(distrustOf(path)?.message).toContain('belongs to another user');
  });

  test.skipIf(!isRoot)('trusts no link of another user in a sticky directory', () => {
    const path = file(0o644, 0o1777);
    const link = join(path, '..', 'link');
    symlinkSync(file(0o644), link);
    expect(distrustOf(link)).toBeNull();
    lchownSync(link, somebody, 0);

    expect(distrustOf(link)?.message).toContain('belongs to another user');
  });

  test.skipIf(!isRoot)('trusts nothing that another user owns, whatever its mode', () => {
    const path = file(0o400);
    chownSync(path, somebody, 0);

    expect(distrustOf(path)).toEqual({
      message: 'it belongs to another user',
      hint: `chown 0 ${path}`,
    });
  });

  test.skipIf(!isRoot)('trusts nothing below a directory that another user owns', () => {
    const path = file(0o600, 0o700);
    const directory = join(path, '..');
    mkdirSync(join(directory, 'below'));
    writeFileSync(join(directory, 'below', 'f'), '');
    chownSync(directory, somebody, 0);

    for (const one of [path, join(directory, 'below', 'f')]) {
      expect(distrustOf(one)).toEqual({
        message: `the directory "${directory}" belongs to another user`,
        hint: `chown 0 ${directory}`,
      });
    }
    expect(distrustOfDirectory(join(directory, 'below'))?.message).toContain('another user');
    expect(distrustOfDirectory(directory)?.message).toBe('it belongs to another user');
  });

  test.skipIf(!isRoot)('trusts what is owned by who became root by sudo', () => {
    const path = file(0o644);
    chownSync(path, 54_322, 0);
    chownSync(join(path, '..'), 54_322, 0);
    expect(distrustOf(path)).not.toBeNull();
    vi.stubEnv('SUDO_UID', '54322');

    expect(distrustOf(path)).toBeNull();
    vi.stubEnv('SUDO_UID', '54323');
    expect(distrustOf(path)).not.toBeNull();
  });

  test.skipIf(!isRoot)('trusts a group in which nobody else is', () => {
    const path = file(0o664);
    expect(distrustOf(path)).toBeNull(); // root's own

    chownSync(path, 0, nobodysGroup);
    expect(distrustOf(path)).toEqual({
      message: `the group ${nobodysGroup} may write to it`,
      hint: `chmod g-w ${path}`,
    });
    chownSync(path, 0, 65_534); // nogroup: nobody's
    expect(distrustOf(path)?.message).toBe('the group "nogroup" may write to it');
  });
});

describe('exposureOf', () => {
  test('finds keys that others may read', () => {
    expect(exposureOf(file(0o600))).toBeNull();
    expect(exposureOf(file(0o644))?.hint).toContain('chmod go= ');
  });
});
