import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';

const site = playbookOnLocalHost();
const { at, tell: told } = site;

describe('stat', () => {
  test('tells what is there', async () => {
    writeFileSync(at('f'), 'text\n', { mode: 0o640 });
    utimesSync(at('f'), 1e9, 1e9);
    const sum = createHash('sha256').update('text\n').digest('hex');
    const words =
      "it.stat.exists ~ ' ' ~ it.stat.isreg ~ ' ' ~ it.stat.mode ~ ' ' ~ it.stat.size ~ ' ' ~ it.stat.mtime ~ ' ' ~ it.stat.xusr ~ ' ' ~ it.stat.checksum";
    expect(await told('stat: DIR/f', words)).toBe(
      `tell ok: True True 0640 5 1000000000 False ${sum}`,
    );
  });

  test('of a link, the link, unless it is to be followed', async () => {
    mkdirSync(at('d'));
    symlinkSync('d', at('l'));
    const words = "it.stat.islnk ~ ' ' ~ it.stat.isdir ~ ' ' ~ it.stat.lnk_target | default('-')";
    expect(await told('stat: { path: DIR/l }', words)).toBe('tell ok: True False d');
    expect(await told('stat: { path: DIR/l, follow: true }', words)).toBe('tell ok: False True -');
  });

  test('tells that nothing is there', async () => {
    expect(await told('stat: DIR/none', 'it.stat')).toBe('tell ok: {\n  "exists": false\n}');
  });

  test('looks again once a task before it has changed something', async () => {
    const { lines, programs } = await site.run(`
tasks:
  - { name: make, copy: { dest: DIR/new, content: hello } }
  - { name: look, stat: DIR/new, register: it }
  - { name: tell, debug: { msg: "{{ it.stat.size }}" } }
`);
    expect(lines).toEqual(['make changed', 'look ok', 'tell ok: 5']);
    expect(programs).toBeLessThanOrEqual(3);
  });
});
