import { describe, expect, test } from 'vitest';
import { omit } from '../../src/playbook/render-node.ts';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';

const { runTasks } = playbookOnLocalHost();

describe('omit', () => {
  test('is no text that a host could know', async () => {
    const { lines } = await runTasks(`
- { command: { argv: [printf, "\\U0010fffdomit\\U0010fffd"], changes: never }, register: said }
- { set_fact: { kept: { a: "{{ said.stdout }}", b: "{{ omit }}" } } }
- { name: keys, debug: { msg: "{{ kept.keys() | join(',') }}" } }
`);
    expect(lines.at(-1)).toBe('keys ok: a');
    expect(omit).toMatch(/[0-9a-f]{8}-[0-9a-f]{4}/);
  });
});
