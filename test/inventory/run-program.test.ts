import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { runProgram } from '../../src/inventory/run-program.ts';

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'xpush-program-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function program(script: string): Promise<string> {
  const path = join(directory, 'program');
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

describe('runProgram', () => {
  test('gives what was printed, from the directory of the program', async () => {
    const ran = await runProgram(await program('pwd; cat'));

    expect(ran.ok ? Buffer.from(ran.output).toString() : ran.why).toBe(`${directory}\n`);
  });

  test('kills a program that does not end, and what it has started', async () => {
    const path = await program('sleep 300 & echo $! >child; echo waiting >&2; wait');

    const ran = await runProgram(path, 500);

    expect(ran).toEqual({
      ok: false,
      why: 'did not end within 0.5 seconds',
      hint: 'it said: waiting',
    });
    const child = Number(await readFile(join(directory, 'child'), 'utf8'));
    await vi.waitFor(async () => expect(await isRunning(child)).toBe(false));
  });
});

/** Whether a process runs; one that only waits to be reaped does not. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State:\tZ');
  return !/^State:\tZ/m.test(status);
}
