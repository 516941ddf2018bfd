import { describe, expect, test } from 'vitest';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';

const { runTasks: run } = playbookOnLocalHost();

describe('raw', () => {
  test('runs a line', async () => {
    const { lines } = await run('- { raw: "echo $((2 * 3))", changed_when: false }');
    expect(lines).toEqual(['raw ok: 6']);
  });
});
