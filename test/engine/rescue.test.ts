import { describe, expect, test } from 'vitest';
import { playbookOnLocalHost } from './playbook-on-local-host.ts';

const { runTasks } = playbookOnLocalHost();

const rescued = (task: string): string => `
- block:
    ${task}
  rescue:
    - { name: why, debug: { msg: "{{ ansible_failed_task.name }} ({{ ansible_failed_task.action }}): {{ ansible_failed_result.msg }}" } }
    - { name: rc, debug: { msg: "{{ ansible_failed_result.rc | default('-') }}" } }
  always:
    - { name: end, debug: { msg: "{{ ansible_failed_task.name | default('nothing') }}" } }
`;

describe('runLeg', () => {
  test('a rescue knows which task failed, and what came of it', async () => {
    const { lines } = await runTasks(
      rescued(
        '- { name: deploy, command: { argv: [sh, -c, "echo bad >&2; exit 3"], changes: always } }',
      ),
    );
    expect(lines).toEqual([
      expect.stringMatching(/^deploy failed: .*bad/s),
      expect.stringMatching(/^why ok: deploy \(command\): .*exit/),
      'rc ok: 3',
      'end ok: deploy',
    ]);
  });

  test('a rescue knows what a check foresees to fail, and the last failure of several', async () => {
    const tasks = `
- { block: [ { name: one, fail: { msg: first } } ], rescue: [ { name: tell, debug: { msg: "{{ ansible_failed_result.msg }}" } } ] }
- { block: [ { name: two, fail: { msg: "{{ item }}" }, loop: [second] } ], rescue: [ { name: tell, debug: { msg: "{{ ansible_failed_result.msg }} {{ ansible_failed_result.results[0].item }}" } } ] }
`;
    const checked = await runTasks(tasks, { check: true });
    expect(checked.lines).toEqual([
      'one failed: first',
      'tell ok: first',
      'two failed: second: second',
      'tell ok: second: second second',
    ]);
    expect((await runTasks(tasks)).lines).toEqual(checked.lines);
  });

  test('a rescue knows why a condition made a task fail', async () => {
    const { lines } = await runTasks(
      rescued('- { name: odd, command: { argv: [echo, odd], changes: never }, failed_when: true }'),
    );
    expect(lines.slice(1, 3)).toEqual(['why ok: odd (command): failed_when is true', 'rc ok: 0']);
  });

  test('without a failure there is none', async () => {
    const { lines } = await runTasks(rescued('- { name: good, debug: { msg: fine } }'));
    expect(lines.at(-1)).toBe('end ok: nothing');

    const read = await runTasks('- debug: { msg: "{{ ansible_failed_result.msg }}" }');
    expect(read.lines).toEqual([expect.stringMatching(/failed: .*ansible_failed_result/)]);
  });

  test('a rescue shows nothing of a task with no_log', async () => {
    const { lines } = await runTasks(
      rescued(
        '- { name: deploy, no_log: true, command: { argv: [sh, -c, "echo hunter2; exit 3"], changes: always } }',
      ),
    );
    expect(lines).toEqual([
      'deploy failed: ***',
      'why ok: deploy (command): ***',
      'rc ok: -',
      'end ok: deploy',
    ]);
  });
});
