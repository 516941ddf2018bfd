const { XPUSH_TEST_RUNS } = process.env;
const factor = Number(XPUSH_TEST_RUNS ?? 200) / 200;

/**
 * How many cases a property is tried with: `usual` in an ordinary run, and as many times more as
 * XPUSH_TEST_RUNS is more than 200.
 */
export function runs(usual = 200): number {
  return Math.max(1, Math.round(usual * factor));
}
