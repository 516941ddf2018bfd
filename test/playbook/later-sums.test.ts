import { randomBytes } from 'node:crypto';
import {
  closeSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { sums } from '../../src/host/sums.ts';
import { LaterSums } from '../../src/playbook/later-sums.ts';

const room = mkdtempSync(join(tmpdir(), 'xpush-sums-'));
afterAll(() => rmSync(room, { recursive: true }));
const path = join(room, 'file');
const content = randomBytes(3_000_001);

/** Of a file with this content, which was read long ago. */
function sumsOf(bytes: Buffer): LaterSums {
  writeFileSync(path, bytes);
  utimesSync(path, 1, 1);
  const handle = openSync(path, 'r');
  try {
    return new LaterSums(path, handle);
  } finally {
    closeSync(handle);
  }
}

const shaOf = (bytes: Buffer) => `${sums(bytes.toString('latin1')).split(' ')[0]} * *`;

describe('LaterSums', () => {
  test.each([0, 1, 1_048_576, 2_097_152, 2_097_153])('are those of %d bytes', async (length) => {
    const bytes = content.subarray(0, length);
    const [atOnce, beside] = [sumsOf(bytes), sumsOf(bytes)];

    await beside.make();
    rmSync(path);

    expect(beside.value).toBe(shaOf(bytes));
    expect(atOnce.value).toBe('');
    expect(sumsOf(bytes).value).toBe(shaOf(bytes));
  });

  test('are made once, whoever asks', async () => {
    const later = sumsOf(content);

    await Promise.all([later.make(), later.make()]);
    writeFileSync(path, 'other');
    await later.make();

    expect(later.value).toBe(shaOf(content));
  });

  test('leave time for others while they are made', async () => {
    const later = sumsOf(content);
    let turns = 0;
    const turn = setInterval(() => (turns += 1), 0);

    const making = later.make();
    await new Promise((resolve) => setImmediate(resolve));
    expect(turns).toBeLessThan(2);
    await making;
    clearInterval(turn);

    expect(turns).toBeGreaterThan(0);
  });

  test.each<[string, () => void]>([
    ['was written to, and is as long as before', () => writeFileSync(path, randomBytes(100))],
    ['grew', () => writeFileSync(path, randomBytes(101))],
    [
      'is another one of the same time and size',
      () => {
        writeFileSync(`${path}.new`, randomBytes(100));
        utimesSync(`${path}.new`, 1, 1);
        renameSync(`${path}.new`, path);
      },
    ],
    ['is gone', () => unlinkSync(path)],
  ])('are none when the file %s since', async (_, move) => {
    const [atOnce, beside] = [sumsOf(content.subarray(0, 100)), sumsOf(content.subarray(0, 100))];

    move();
    await beside.make();

    expect([atOnce.value, beside.value]).toEqual(['', '']);
  });

  test('are the same by both ways', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(content.length), async (length) => {
        const bytes = content.subarray(0, length);
        const beside = sumsOf(bytes);

        await beside.make();

        expect(beside.value).toBe(sumsOf(bytes).value);
      }),
      { numRuns: 20 },
    );
  });
});
