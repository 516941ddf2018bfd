import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, bench, describe } from 'vitest';

const root = join(import.meta.dirname, '../..');
const { PATH = '' } = process.env;
const home = mkdtempSync(join(tmpdir(), 'xpush-bench-'));
const options = { iterations: 20, time: 0, warmupIterations: 2, warmupTime: 0 };

/** Runs a program to its end, as a shell would. */
function run(program: string, line: string, environment: Record<string, string> = {}): void {
  const { status, stderr } = spawnSync(program, line.split(' '), {
    cwd: root,
    encoding: 'utf8',
    env: { PATH, HOME: home, ...environment },
  });
  if (status !== 0) throw new Error(stderr);
}

/** `npx vitest bench --run test/bench/start-up.bench.ts`: `mean` is milliseconds a run. */
describe('from the start of a process to its end', () => {
  afterAll(() => rmSync(home, { recursive: true, force: true }));
  const xpush = join(root, 'bin/xpush');
  const lines = [
    '--version',
    '--help',
    'apply --help',
    'steps',
    'inventory inventory/webserv.yaml',
  ];

  bench('node -e 0', () => run(process.execPath, '-e 0'), options);
  for (const line of lines) bench(`xpush ${line}`, () => run(xpush, line), options);
  bench(
    'xpush apply --help, without the code cache',
    () => run(xpush, 'apply --help', { NODE_DISABLE_COMPILE_CACHE: '1' }),
    options,
  );
});
