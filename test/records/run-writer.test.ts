import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/engine/events.ts';
import { type RunRecording, readRun } from '../../src/records/read-run.ts';
import { openRunRecord } from '../../src/records/run-writer.ts';
import { runs } from '../runs.ts';
import { headOf } from './run-head.ts';

const built = (file: string) =>
  pathToFileURL(join(import.meta.dirname, '../../dist/records', file)).href;
const strace = '/usr/bin/strace';
const id = '20261122T230501Z-3f9a2c';

let directory: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'xpush-writer-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

const said = (text: string): RunEvent => ({ event: 'message', level: 'info', host: null, text });
const textsOf = (read: RunRecording | null) =>
  read?.events.map(({ event }) => ('text' in event ? event.text : ''));
const countTo = (end: number) => Array.from({ length: end }, (_, index) => `${index}`);

/** A process that keeps a record, as a run does: `script` has `say(count)`, `isWritten(count)` and `writer`. */
function writing(script: string, wrapper: readonly string[] = []): ChildProcess {
  const text = `
    import { readFile } from 'node:fs/promises';
    import { setTimeout as sleep } from 'node:timers/promises';
    const { openRunRecord } = await import('${built('run-writer.js')}');
    const { thisProcess } = await import('${built('run-process.js')}');
    const directory = ${JSON.stringify(directory)};
    const head = { ...${JSON.stringify(headOf(id))}, process: thisProcess() };
    const writer = openRunRecord(directory, head, (text) => { throw new Error(text); });
    let count = 0;
    const say = (more) => {
      for (; more > 0; more -= 1) writer.note({ event: 'message', level: 'info', host: null, text: String(count++) });
    };
    const isWritten = async (lines) => {
      const file = directory + '/runs/${id}/events.ndjson';
      while ((await readFile(file, 'utf8').catch(() => '')).split('\\n').length <= lines) await sleep(1);
    };
    ${script}`;
  const [command, ...args] = [
    ...wrapper,
    process.execPath,
    '--input-type=module',
    '--eval',
    text,
  ] as const;
  const child = spawn(command ?? '', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

describe('openRunRecord', () => {
  const pause = fc.oneof(
    fc.constant('none' as const),
    fc.constant('turn' as const),
    fc.integer({ min: 0, max: 30 }),
  );

  test('keeps all events in their order, however far apart they are', async () => {
    let number = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(pause, { maxLength: 8 }), async (pauses) => {
        number += 1;
        const run = `20261122T230501Z-${number.toString(16).padStart(6, '0')}`;
        const writer = openRunRecord(directory, headOf(run), (text) => expect.unreachable(text));

        for (const [index, before] of pauses.entries()) {
          if (before === 'turn') await new Promise((resolve) => setImmediate(resolve));
          else if (before !== 'none') await new Promise((resolve) => setTimeout(resolve, before));
          writer.note(said(`${index}`));
        }
        await writer.close();

        const read = await readRun(directory, run);
        expect(textsOf(read)).toEqual(countTo(pauses.length));
        expect(read?.remarks).toEqual([]);
      }),
      { numRuns: runs(60) },
    );
  });

  test('writes each in a moment, also when no other one comes', async () => {
    const child = writing(`
      const tookMs = [];
      for (let round = 0; round < 9; round += 1) {
        const beganMs = performance.now();
        say(1);
        await isWritten(count);
        tookMs.push(performance.now() - beganMs);
      }
      console.log(tookMs.sort((a, b) => a - b)[4]);
      process.kill(process.pid, 'SIGKILL');`);
    let printed = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.toString('utf8');
    });

    await once(child, 'close');

    expect(Number(printed)).toBeGreaterThan(0);
    expect(Number(printed)).toBeLessThan(250); // 20 of them are the gathering
    expect(textsOf(await readRun(directory, id))).toEqual(countTo(9));
  });

  test('leaves of a run that is killed whatever was written, and nothing out of turn', async () => {
    const child = writing(`
      say(100);
      await isWritten(100);
      say(50);
      process.kill(process.pid, 'SIGKILL');`);

    const [code, signal] = await once(child, 'close');

    const read = await readRun(directory, id);
    const texts = textsOf(read) ?? [];
    expect([code, signal]).toEqual([null, 'SIGKILL']);
    expect(read?.state).toBe('killed');
    expect(texts.length).toBeGreaterThanOrEqual(100);
    expect(texts).toEqual(countTo(150).slice(0, texts.length));
  });

  test('leaves of one that is killed at any time what came first, without a gap', async () => {
    const child = writing(`
      for (;;) {
        say(1 + (count % 7));
        if (count === 1 || count % 50 < 7) console.log(count);
        await sleep(1);
      }`);
    let printed = '';
    await new Promise<void>((resolve) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        printed += chunk.toString('utf8');
        if (printed.split('\n').length > 12) resolve();
      });
    });
    await expect.poll(async () => textsOf(await readRun(directory, id))?.length).toBeGreaterThan(0);

    const gone = once(child, 'close');
    child.kill('SIGKILL');
    await gone;

    const read = await readRun(directory, id);
    const texts = textsOf(read) ?? [];
    expect(read?.state).toBe('killed');
    expect(texts.length).toBeGreaterThan(0);
    expect(texts).toEqual(countTo(texts.length));
  });

  test.skipIf(!existsSync(strace))('writes those of a moment together', async () => {
    const trace = join(directory, 'trace');
    const options = ['-f', '-ttt', '-y', '-e', 'trace=write,writev,pwrite64,pwritev'];
    const child = writing(
      `for (let round = 0; round < 150; round += 1) { say(1); await sleep(1); }
       await writer.close();`,
      [strace, ...options, '-o', trace],
    );

    const [code] = await once(child, 'close');

    const written = (await readFile(trace, 'utf8'))
      .split('\n')
      .filter((line) => line.includes('events.ndjson>') && !line.includes('resumed'));
    const atMs = written.map((line) => 1000 * Number(/\d+\.\d+/.exec(line)?.[0]));
    const spanMs = (atMs.at(-1) ?? 0) - (atMs[0] ?? 0);
    expect(code).toBe(0);
    expect(textsOf(await readRun(directory, id))).toEqual(countTo(150));
    expect(written.length).toBeGreaterThan(1);
    // the last one waits for nothing
    expect(spanMs / (written.length - 1)).toBeGreaterThan(10);
  });
});
