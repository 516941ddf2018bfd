import { existsSync, utimesSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { withFileLock } from '../../src/connection/file-lock.ts';
import { TempDir } from './sshd.ts';

describe('withFileLock', () => {
  test('lets one in at a time and leaves no file', async () => {
    using dir = new TempDir();
    const lock = dir.file('lock');
    let inside = 0;
    let most = 0;

    await Promise.all(
      Array.from({ length: 10 }, () =>
        withFileLock(lock, async () => {
          most = Math.max(most, ++inside);
          await sleep(1);
          inside -= 1;
        }),
      ),
    );

    expect(most).toBe(1);
    expect(existsSync(lock)).toBe(false);
  });

  test.each([-60, 60])(
    'takes over the lock of a program that died, %s s from now',
    async (seconds) => {
      using dir = new TempDir();
      const lock = dir.write('lock', '');
      const then = Date.now() / 1000 + seconds;
      utimesSync(lock, then, then);

      expect(await withFileLock(lock, async () => 'in')).toBe('in');
    },
  );

  test('is given back when the work fails', async () => {
    using dir = new TempDir();
    const lock = dir.file('lock');

    await expect(withFileLock(lock, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(existsSync(lock)).toBe(false);
  });
});
