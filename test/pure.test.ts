import { describe, expect, test } from 'vitest';
import { isPure } from './pure.ts';

describe('isPure', () => {
  test.each([
    ['only computes', 'test/xen/vif-routes.test.ts', true],
    ['starts programs', 'test/host/program.test.ts', false],
    ['starts programs by way of another module', 'test/host/names.test.ts', false],
    ['builds a lab', 'test/e2e/window.test.ts', false],
    ['changes its own process', 'test/convert/playbooks.test.ts', false],
  ])('knows of a test file that %s', (_what, file, answer) => {
    expect(isPure(file)).toBe(answer);
  });
});
