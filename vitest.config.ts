import { readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.ts';
import { isPure } from './test/pure.ts';

const { XPUSH_TEST_RUNS = '200', CI } = process.env;

const pure = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .map((path) => `test/${path}`)
  .filter((path) => path.endsWith('.test.ts') && isPure(path));

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'real', include: ['test/**/*.test.ts'], exclude: pure } },
      // a process for each file, which loads all modules anew, took half of their CPU
      {
        extends: true,
        test: { name: 'pure', include: pure, isolate: false, benchmark: { include: [] } },
      },
    ],
    sequence: { sequencer: LongestFirst },
    // most of a lab's time is waiting, on two cores too
    maxWorkers: 4,
    maxConcurrency: 8,
    // what is broken fails twice; what a busy machine delayed does not, and the log says that it was tried again
    retry: CI === undefined ? 0 : 1,
    // properties take as many times longer as they have more cases
    testTimeout: 60_000 * Math.max(1, Number(XPUSH_TEST_RUNS) / 200),
    hookTimeout: 120_000,
  },
});
