import { describe, expect, test } from 'vitest';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';

const { runTasks: run } = playbookOnLocalHost();

describe('assert', () => {
  test.each([
    ['- assert: { that: n == 3 }', 'assert ok'],
    ['- assert: { that: [n == 3, color is defined], success_msg: fine }', 'assert ok: fine'],
    ['- assert: { that: [n == 3, n > 3] }', 'assert failed: this is not so: n > 3'],
    ['- assert: { that: n > 3, fail_msg: "only {{ n }}" }', 'assert failed: only 3'],
    ['- assert: { that: color }', 'assert failed: this is not so: color'],
  ])('%s', async (task, line) => {
    expect((await run(task)).lines).toEqual([line]);
    expect((await run(task, { check: true })).lines).toEqual([line]);
  });

  test('says at load where an expression is wrong', async () => {
    await expect(run('- assert: { that: [n ==] }')).rejects.toThrow(/site\.yaml:3:/);
  });
});
