import { describe, expect, test } from 'vitest';
import { isApart } from './apart.ts';

describe('isApart', () => {
  test.each([
    ['only computes', 'test/xen/vif-routes.test.ts', false],
    ['starts programs', 'test/host/program.test.ts', false],
    ['builds a lab', 'test/e2e/window.test.ts', false],
    ['measures the memory of its process', 'test/connection/hostile-server.test.ts', true],
    ['changes its environment', 'test/source/distrust.test.ts', true],
    ['catches what its process prints', 'test/cli/convert.test.ts', true],
    ['has modules of its own', 'test/engine/hostile-window.test.ts', true],
  ])('knows of a test file that %s', (_what, file, answer) => {
    expect(isApart(file)).toBe(answer);
  });
});
