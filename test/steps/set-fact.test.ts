import { describe, expect, test } from 'vitest';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';

const { runTasks: run } = playbookOnLocalHost();

describe('set_fact', () => {
  test('sets variables of their own types for the tasks behind it', async () => {
    const tasks = `
- set_fact: { total: "{{ n * 2 }}", list: [a, "{{ color }}"], color: red }
- debug: "{{ total + 1 }} {{ list[1] }} {{ color }} {{ shade }}"
`;
    const wanted = ['set_fact ok', 'debug ok: 7 blue red dark red'];
    expect((await run(tasks)).lines).toEqual(wanted);
    expect((await run(tasks, { check: true })).lines).toEqual(wanted);
  });

  test.each([
    ['- set_fact: { a-b: 1 }', 'a-b'],
    ['- set_fact: {}', 'a variable is needed'],
  ])('refuses %s', async (task, message) => {
    await expect(run(task)).rejects.toThrow(message);
  });
});
