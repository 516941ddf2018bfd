import { describe, expect, test } from 'vitest';
import { playbookOnLocalHost } from './playbook-on-local-host.ts';

const { run, runTasks } = playbookOnLocalHost();

describe('no_log', () => {
  test.each([
    ['a command that fails', 'command: { argv: [sh, -c, "echo hush; exit 7"], changes: always }'],
    [
      'an item of a loop that fails',
      'command: { argv: [sh, -c, "exit 7"], changes: always }, loop: [hush]',
    ],
    ['what is refused', 'assert: { that: ["1 == 2"], fail_msg: hush }'],
    ['a value that is wrong', 'copy: { dest: "{{ \'hush\' }}", content: x }'],
  ])('nothing is told of %s, where the host ends with it', async (_, task) => {
    for (const check of [true, false]) {
      const { lines, result, ended, explained } = await runTasks(
        `- { name: quiet, no_log: true, ${task} }`,
        { check },
      );
      expect(JSON.stringify([lines, result, ended, explained])).not.toContain('hush');
      if (result.status === 'failed') {
        expect(result.error).toEqual({ message: 'quiet: ***', hint: null });
        expect(lines).toEqual(['quiet failed: ***']);
      } else expect(check).toBe(true);
    }
  });

  test('nothing is told of a handler that fails', async () => {
    const { result } = await run(`
tasks:
  - { command: { argv: ['true'], changes: always }, notify: hand }
handlers:
  - { name: hand, no_log: true, command: { argv: [sh, -c, "echo hush; exit 7"], changes: always } }
`);
    expect(result.error?.message).toBe('hand: ***');
  });
});
