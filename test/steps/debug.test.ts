import { describe, expect, test } from 'vitest';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';

const { runTasks: run } = playbookOnLocalHost();

describe('debug', () => {
  test.each([
    ['- debug: hello', 'debug ok: hello'],
    ['- debug: { msg: "{{ n + 1 }}" }', 'debug ok: 4'],
    ['- debug: { msg: [1, a] }', 'debug ok: [\n  1,\n  "a"\n]'],
    ['- debug: { var: shade }', 'debug ok: shade: dark blue'],
    ['- debug: { var: n * 2 }', 'debug ok: n * 2: 6'],
  ])('%s', async (task, line) => {
    expect((await run(task)).lines).toEqual([line]);
    expect((await run(task, { check: true })).lines).toEqual([line]);
  });

  test('takes one of its parameters', async () => {
    const { lines } = await run('- debug: { msg: a, var: n }');
    expect(lines[0]).toContain('exactly one of "msg" and "var"');
  });
});
