import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { spillFile } from '../../src/records/spill-file.ts';

describe('spillFile', () => {
  test('gives back what was appended, and no directory lists it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'xpush-spill-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const file = spillFile(directory);
    onTestFinished(() => file.close());

    await file.append(Buffer.from('one'));
    await file.append(Buffer.from('two'));

    expect(await readdir(directory)).toEqual([]);
    expect((await file.read(2, 3)).toString()).toBe('etw');
    expect((await file.read(0, 6)).toString()).toBe('onetwo');
    await expect(file.read(4, 3)).rejects.toThrow('gone');
  });

  test('fails where there is no directory, and again, and has nothing to close', async () => {
    const file = spillFile(join(tmpdir(), 'xpush-no-such-directory', 'run'));

    await expect(file.append(Buffer.from('one'))).rejects.toThrow('ENOENT');
    await expect(file.append(Buffer.from('two'))).rejects.toThrow('ENOENT');
    await expect(file.close()).resolves.toBeUndefined();
  });

  test('that was never used makes nothing', async () => {
    await expect(spillFile('/proc/none').close()).resolves.toBeUndefined();
  });
});
