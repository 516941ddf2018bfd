import { existsSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';

const { at: path, runTasks: run } = playbookOnLocalHost();

describe('shell', () => {
  test('runs a line, with what it reads', async () => {
    const { lines } = await run('- shell: { cmd: "cat; echo $0", stdin: in, changes: always }');
    expect(lines[0]).toMatch(/^shell changed: in.*sh$/s);
  });

  test('what only reads is run in a check, too, and costs no program of its own', async () => {
    const tasks = `
- { shell: { cmd: "echo $((1 + 2))", changes: never }, register: sum }
- debug: "{{ sum.stdout }} {{ sum.rc }}"
`;
    const wanted = ['shell ok: 3', 'debug ok: 3 0'];
    expect(await run(tasks)).toMatchObject({ lines: wanted, programs: 1 });
    expect(await run(tasks, { check: true })).toMatchObject({ lines: wanted, programs: 1 });
  });

  test('what only reads sees what the tasks before it have done', async () => {
    const tasks = `
- copy: { dest: DIR/seen, content: new }
- { shell: { cmd: cat DIR/seen, changes: never }, register: it }
- debug: "{{ it.stdout }}"
`;
    const { lines } = await run(tasks);
    expect(lines).toEqual(['copy changed', 'shell ok: new', 'debug ok: new']);
  });

  test('what only reads may fail', async () => {
    const { lines } = await run(`
- { shell: { cmd: "echo why >&2; exit 4", changes: never }, register: it, ignore_errors: true }
- debug: "{{ it.rc }} {{ it.stderr }}"
`);
    expect(lines[0]).toBe(
      'shell failed: ignored: /bin/sh -c echo why >&2; exit 4: exit status 4\nwhy',
    );
    expect(lines[1]).toBe('debug ok: 4 why');
  });

  test('does nothing unless it must', async () => {
    writeFileSync(path('there'), '');
    const tasks = `
- shell: { cmd: touch DIR/a, unless: test -e DIR/there }
- shell: { cmd: touch DIR/b, onlyif: test -e DIR/gone }
- shell: { cmd: touch DIR/c, onlyif: test -e DIR/there }
- shell: { cmd: touch DIR/d, creates: DIR/c }
`;
    const { lines } = await run(tasks);
    expect(lines.map((line) => line.split(' ')[1]?.replace(':', ''))).toEqual([
      'ok',
      'ok',
      'changed',
      'ok',
    ]);
    expect(['a', 'b', 'c', 'd'].filter((name) => existsSync(path(name)))).toEqual(['c']);
  });

  test('runs as another user, in another directory, with variables, and not for ever', async () => {
    const { lines } = await run(`
- { shell: { cmd: "id -un; pwd; echo $A", chdir: /usr, changes: never }, become_user: nobody, environment: { A: "{{ n }}" } }
- { shell: { cmd: sleep 60, changes: never }, timeout: 1, ignore_errors: true }
- { shell: { cmd: sleep 60, changes: always }, timeout: 1 }
`);
    expect(lines[0]).toBe('shell ok: nobody\n/usr\n3');
    expect(lines[1]).toMatch(/took too long: stopped/);
    expect(lines[2]).toMatch(/took longer than 1 s: stopped/);
  });

  test('says what it changes, or is refused', async () => {
    await expect(run('- shell: id')).rejects.toThrow('this shell does not say what it changes');
    expect((await run('- { shell: id -u, changed_when: false }')).lines).toEqual(['shell ok: 0']);
  });
});
