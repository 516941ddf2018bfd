import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fetch } from '../../src/steps/fetch.ts';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';
import { complaints } from './edited.ts';

const site = playbookOnLocalHost();
const { at } = site;

describe('fetch', () => {
  test('keeps bytes of the host here once, as foretold', async () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, n) => (n * 7) % 256));
    writeFileSync(at('log'), bytes);
    const task = `
tasks:
  - { fetch: { src: DIR/log, dest: kept }, register: it }
  - { name: tell, debug: { msg: "{{ it.changed }}" } }
`;
    const foretold = await site.run(task, { check: true });
    expect(foretold.lines[0]).toMatch(/^fetch changed: kept as kept\/here\//);
    expect(() => statSync(at('kept'))).toThrow();
    const { lines } = await site.run(task);
    expect(lines.map((line) => line.replace(/:.*\//, ': '))).toEqual([
      'fetch changed: log',
      'tell ok: true',
    ]);
    const kept = join(at('kept/here'), at('log'));
    expect(readFileSync(kept).equals(bytes)).toBe(true);
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    expect((await site.run(task)).lines[1]).toBe('tell ok: false');
  });

  test('in a loop, each to its flat place', async () => {
    writeFileSync(at('a'), 'A');
    writeFileSync(at('b'), 'B');
    const task = `tasks: [{ fetch: { src: "DIR/{{ item }}", dest: flat/, flat: true }, loop: [a, b] }]`;
    expect((await site.run(task)).lines[0]).toMatch(/^fetch changed/);
    expect(['a', 'b'].map((name) => readFileSync(at(`flat/${name}`), 'utf8'))).toEqual(['A', 'B']);
    expect((await site.run(task)).lines[0]).toMatch(/^fetch ok/);
  });

  test('a missing file fails, or not', async () => {
    const { lines } = await site.run(`
tasks:
  - { fetch: { src: DIR/none, dest: x, fail_on_missing: false } }
  - { fetch: { src: DIR/none, dest: x } }
`);
    expect(lines[0]).toMatch(/^fetch ok: there is no file/);
    expect(lines[1]).toMatch(/^fetch failed: there is no file/);
  });

  test('what cannot be written here fails', async () => {
    writeFileSync(at('a'), 'A');
    mkdirSync(at('to'));
    const { lines } = await site.run('tasks: [{ fetch: { src: DIR/a, dest: to, flat: true } }]');
    expect(lines[0]).toMatch(/^fetch failed: .*to can't be written \(EISDIR\)/);
  });

  test.each<[object, RegExp]>([
    [{ src: '/a/../b' }, /without/],
    [{ src: 'a' }, /begins with/],
    [{ dest: '' }, /one line/],
  ])('refuses %j', (params, message) => {
    expect(complaints(fetch, { src: '/a', dest: 'b', ...params }).join('\n')).toMatch(message);
  });
});
