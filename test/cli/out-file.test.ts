import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkOutFile, writeOutFile } from '../../src/cli/out-file.ts';

let directory = '';
const inside = (name: string): string => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'xpush-out-'));
  await writeFile(inside('mine'), 'precious\n');
});
afterAll(() => rm(directory, { recursive: true }));

describe('checkOutFile', () => {
  test.each<[string, string, boolean]>([
    ['mine', 'is there already', false],
    ['.', 'is no regular file', false],
    ['.', 'is no regular file', true],
    ['none/new', 'there is no such directory', false],
    ['mine/new', 'it leads through a file', true],
    ['x'.repeat(300), 'its name is too long', false],
  ])('refuses %s, since it %s (force: %s)', async (name, words, force) => {
    await expect(checkOutFile(inside(name), force)).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining(words),
    });
  });

  test('takes a new file, and with force one that is there', async () => {
    await expect(checkOutFile(inside('new'), false)).resolves.toBeUndefined();
    await expect(checkOutFile(inside('mine'), true)).resolves.toBeUndefined();
  });
});

describe('writeOutFile', () => {
  test('writes over nothing unless told to', async () => {
    expect(await writeOutFile(inside('mine'), 'new\n', false)).toContain('is there by now');
    expect(await readFile(inside('mine'), 'utf8')).toBe('precious\n');
    expect(await writeOutFile(inside('mine'), 'new\n', true)).toBeNull();
    expect(await readFile(inside('mine'), 'utf8')).toBe('new\n');
  });

  test('tells in a sentence that it cannot', async () => {
    expect(await writeOutFile(inside('none/new'), '', false)).toBe(
      `cannot write ${inside('none/new')}: there is no such directory`,
    );
  });
});
