import { defineConfig } from 'vitest/config';

const { XPUSH_TEST_RUNS = '200', CI } = process.env;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // most of a lab's time is waiting, on two cores too
    maxWorkers: 3,
    maxConcurrency: 8,
    // what is broken fails twice; what a busy machine delayed does not, and the log says that it was tried again
    retry: CI === undefined ? 0 : 1,
    // properties take as many times longer as they have more cases
    testTimeout: 60_000 * Math.max(1, Number(XPUSH_TEST_RUNS) / 200),
    hookTimeout: 120_000,
  },
});
