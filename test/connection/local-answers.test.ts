import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LocalAnswers } from '../../src/connection/local-answers.ts';
import { until } from '../until.ts';
import { TempDir } from './sshd.ts';

const isAlive = (pid: number) => existsSync(`/proc/${pid}/stat`);

describe('LocalAnswers', () => {
  test('says whether a command exits with 0, and runs it once', async () => {
    using dir = new TempDir();
    const answers = new LocalAnswers();
    const once = `echo x >> ${dir.file('count')}`;

    const said = await Promise.all(
      [once, once, 'exit 7', once].map((each) => answers.exec(each, 'f:1')),
    );

    expect(said).toEqual([true, true, false, true]);
    expect(readFileSync(dir.file('count'), 'utf8')).toBe('x\n');
  });

  test('kills a command that does not end, with all that it started', async () => {
    using dir = new TempDir();
    const pids = dir.file('pids');
    const answers = new LocalAnswers(400);

    const said = answers.exec(`echo $$ > ${pids}; sleep 60 & echo $! >> ${pids}; wait`, 'config:3');

    await expect(said).rejects.toMatchObject({
      reason: 'config',
      message: expect.stringMatching(/^config:3: .* of Match exec did not end in 0\.4 s$/),
    });
    const started = readFileSync(pids, 'utf8').trim().split('\n').map(Number);
    expect(started.length).toBe(2);
    await until(() => !started.some(isAlive));
  });

  test('runs eight commands at once, and all of many', async () => {
    using dir = new TempDir();
    const answers = new LocalAnswers();
    // Each counts who is there with it.
    const command = (i: number) =>
      `mkdir ${dir.file(`in${i}`)}; ls -d ${dir.path}/in* | wc -l >> ${dir.file('together')}; sleep 0.05; rmdir ${dir.file(`in${i}`)}`;

    const said = await Promise.all(
      Array.from({ length: 30 }, (_, i) => answers.exec(command(i), 'f:1')),
    );

    expect(said).toEqual(Array(30).fill(true));
    const together = readFileSync(dir.file('together'), 'utf8').trim().split('\n').map(Number);
    expect(Math.max(...together)).toBeLessThanOrEqual(8);
  });

  test('finds addresses, of the family that is wanted', async () => {
    const answers = new LocalAnswers();

    expect(await answers.address('localhost', 4)).toBe('127.0.0.1');
    expect(await answers.address('no-such-name.invalid', 0)).toBeNull();
  });
});
