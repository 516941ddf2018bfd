import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
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

    expect(await file.append(Buffer.from('one'))).toBe(0);
    expect(await file.append(Buffer.from('two'))).toBe(3);

    expect(await readdir(directory)).toEqual([]);
    expect((await file.read(2, 3)).toString()).toBe('etw');
    expect((await file.read(0, 6)).toString()).toBe('onetwo');
    await expect(file.read(4, 3)).rejects.toThrow('gone');
  });

  test('fails where there is no directory, and has nothing to close; it may come later', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'xpush-spill-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const file = spillFile(join(directory, 'run'));

    await expect(file.append(Buffer.from('one'))).rejects.toThrow('ENOENT');
    await expect(file.close()).resolves.toBeUndefined();
    await mkdir(join(directory, 'run'));
    expect(await file.append(Buffer.from('two'))).toBe(0);
    expect((await file.read(0, 3)).toString()).toBe('two');
    await file.close();
  });

  test('that was never used makes nothing', async () => {
    await expect(spillFile('/proc/none').close()).resolves.toBeUndefined();
  });
});
