import { describe, expect, test } from 'vitest';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';

const { runTasks: run } = playbookOnLocalHost();

describe('fail', () => {
  test('fails, with its message', async () => {
    const { lines, result } = await run('- fail: "no {{ color }}"\n- debug: x');
    expect(lines).toEqual(['fail failed: no blue', 'debug skipped: an earlier task failed']);
    expect(result).toMatchObject({ status: 'failed', error: { message: 'fail: no blue' } });
  });

  test('only when it is to', async () => {
    expect((await run('- { fail: no, when: n > 3 }\n- debug: x')).lines).toEqual([
      'fail skipped: its condition is false',
      'debug ok: x',
    ]);
  });
});
