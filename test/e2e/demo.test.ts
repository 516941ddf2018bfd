import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { until } from '../until.ts';

const demo = join(import.meta.dirname, '..', '..', 'dist', 'lab', 'demo.js');

interface DemoRun {
  readonly code: number;
  readonly output: string;
  /** What it left among the temporary files. */
  readonly leftBehind: readonly string[];
}

/** Runs the demo in a process group of its own; `whenSaid` interrupts the group once that was printed. */
async function runDemo(whenSaid?: string): Promise<DemoRun> {
  const temporary = await mkdtemp(join(tmpdir(), 'xpush-demo-test-'));
  const child = spawn(process.execPath, [demo], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temporary, LANG: 'C.UTF-8', FORCE_COLOR: '' },
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
    });
  }
  const closed = once(child, 'close');
  try {
    if (whenSaid !== undefined && child.pid !== undefined) {
      await until(() => output.includes(whenSaid));
      process.kill(-child.pid, 'SIGINT');
    }
    const [code] = await closed;
    return { code: Number(code), output, leftBehind: await readdir(temporary) };
  } finally {
    child.kill('SIGKILL');
    await closed;
    await rm(temporary, { recursive: true });
  }
}

const describe = await labDescribe();

describe('npm run demo', () => {
  test('is red before, green after, undoes a mistake, changes nothing the second time, and takes its lab down', async () => {
    const { code, output, leftBehind } = await runDemo();

    expect(code, output).toBe(0);
    const [, before = '', push = '', after = '', mistake = '', again = ''] =
      output.split(/^── .*$/m);
    expect(before).toMatch(/^ +192\.168\.0\.201 .*✗ silent/m);
    expect(before).toContain('✗ 14 of 30');
    expect(push).toContain('3 of 3 hosts changed');
    expect(after).not.toContain('✗');
    expect(after).toMatch(/^ +192\.168\.0\.202 +✓ silent ✓ open {3}✓ open {3} +✓ silent ✓ open/m);
    expect(after).toContain('✓ 30 of 30');
    expect(mistake).toContain('rolled back: webserv');
    expect(again).toContain('Nothing to change: 3 hosts');
    expect(output).not.toContain('\x1b');
    expect(leftBehind).toEqual([]);
  });

  test.each(['Before', 'xpush apply'])(
    'after Ctrl-C at "%s" the lab is gone too',
    async (words) => {
      const { code, output, leftBehind } = await runDemo(words);

      expect(code, output).toBe(130);
      expect(output).not.toContain('Push again');
      expect(leftBehind).toEqual([]);
    },
  );
});
