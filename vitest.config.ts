import { readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { isApart } from './test/apart.ts';
import { FailedFiles } from './test/failed-files.ts';
import { LongestFirst } from './test/longest-first.ts';

const { XPUSH_TEST_RUNS = '200', XPUSH_FAILED_FILES } = process.env;

const apart = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .map((path) => `test/${path}`)
  .filter((path) => path.endsWith('.test.ts') && isApart(path));

export default defineConfig({
  test: {
    projects: [
      // a process for each file, which loads all modules anew, would take longer than many files do
      {
        extends: true,
        test: {
          ...{ name: 'shared', include: ['test/**/*.test.ts'], exclude: apart, isolate: false },
          setupFiles: './test/unchanged.ts',
        },
      },
      { extends: true, test: { name: 'apart', include: apart, benchmark: { include: [] } } },
    ],
    reporters: [
      'default',
      ...(XPUSH_FAILED_FILES === undefined ? [] : [new FailedFiles(XPUSH_FAILED_FILES)]),
    ],
    globalSetup: './test/set-up.ts',
    sequence: { sequencer: LongestFirst },
    // most of a lab's time is waiting, on two cores too
    maxWorkers: 6,
    maxConcurrency: 8,
    // properties take as many times longer as they have more cases
    testTimeout: 60_000 * Math.max(1, Number(XPUSH_TEST_RUNS) / 200),
    hookTimeout: 120_000,
  },
});
