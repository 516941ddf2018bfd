import { describe, expect, test } from 'vitest';
import { vifLimit } from '../../src/inventory/vif-limit.ts';

describe('vifLimit', () => {
  test.each([
    ['3.0', 3],
    ['3.0.4', 3],
    ['3.1', 31],
    ['4.1.2', 31],
    ['4.9', 31],
    ['4.10', 62],
    ['4.17', 62],
    ['5.0', 62],
    [null, 62],
  ])('Xen %s allows %i', (version, most) => {
    expect(vifLimit(version, []).most).toBe(most);
  });

  test('a guest has at most eight emulated cards', () => {
    const vifs = Array.from({ length: 9 }, () => ({ model: 'e1000' }));

    expect(vifLimit('4.17', vifs).most).toBe(8);
    expect(vifLimit('4.17', vifs.slice(1)).most).toBe(62);
  });
});
