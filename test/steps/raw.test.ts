import { describe, expect, test } from 'vitest';
import { localTasks } from './local.ts';

const { run } = localTasks();

describe('raw', () => {
  test('runs a line', async () => {
    const { lines } = await run('- { raw: "echo $((2 * 3))", changed_when: false }');
    expect(lines).toEqual(['raw ok: 6']);
  });
});
