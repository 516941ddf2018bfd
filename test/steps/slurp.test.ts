import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';

const site = playbookOnLocalHost();

describe('slurp', () => {
  test('reads bytes', async () => {
    writeFileSync(join(site.directory, 'f'), Buffer.from([0, 255, 10]));
    const { lines } = await site.run(`
tasks:
  - { slurp: DIR/f, register: it }
  - { name: tell, debug: { msg: "{{ it.content }} {{ it.encoding }}" } }
`);
    expect(lines).toEqual(['slurp ok', 'tell ok: AP8K base64']);
  });

  test('what is missing, or too large, fails', async () => {
    writeFileSync(join(site.directory, 'large'), Buffer.alloc(300_000));
    const missing = await site.run('tasks: [{ slurp: { src: DIR/none } }]');
    const large = await site.run('tasks: [{ slurp: { src: DIR/large } }]');
    expect(missing.lines[0]).toMatch(/failed: .*none does not exist/);
    expect(large.lines[0]).toMatch(/failed: .*larger than 256 KiB/);
  });
});
