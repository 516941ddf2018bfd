import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';

const local = playbookOnLocalHost();
const source = (text: string) => writeFileSync(join(local.directory, 'app.j2'), text);
const made = () => readFileSync(join(local.directory, 'app.conf'), 'utf8');
const task = '{ src: app.j2, dest: DIR/app.conf, mode: "0600" }';

describe('template', () => {
  test('writes what its template comes to on the host', async () => {
    source('# é {{ shade }}\n{% for i in range(n) %}\nline {{ i }}\n{% endfor %}\nend\n');

    const lines = await local.runThrice(`tasks: [{ template: ${task} }]`);

    expect(lines).toEqual(['template changed']);
    expect(made()).toBe('# é dark blue\nline 0\nline 1\nline 2\nend\n');
    expect(statSync(join(local.directory, 'app.conf')).mode & 0o777).toBe(0o600);
  });

  test('each item of a loop has its own', async () => {
    source('{{ item }}\n');
    await local.runThrice(
      'tasks: [{ template: { src: app.j2, dest: "DIR/{{ item }}" }, loop: [a, b] }]',
    );
    expect(readFileSync(join(local.directory, 'b'), 'utf8')).toBe('b\n');
  });

  test('what is wrong in it is told where it is', async () => {
    source('one\n{% if n %}\n');
    await expect(local.run(`tasks: [{ template: ${task} }]`)).rejects.toThrow(/app\.j2:\d+:\d+: /);

    source('one\n  {{ nope }}\n');
    const { lines } = await local.run(`tasks: [{ template: ${task} }]`);
    expect(lines[0]).toMatch(/^template failed: .*app\.j2:2:6: .*nope/);
  });

  test('text of the host or the user in it is no template', async () => {
    source('{{ it.stdout }}\n');
    await local.run(`
tasks:
  - { shell: { cmd: "echo '{{ '{{' }} n }}'", changes: never }, register: it }
  - template: ${task}
`);
    expect(made()).toBe('{{ n }}\n');
  });

  test.runIf(process.getuid?.() === 0)('gives owners, and finds them given', async () => {
    source('{{ shade }}\n');
    const owned =
      '{ src: app.j2, dest: DIR/app.conf, owner: daemon, group: "7", mode: "u=rw,g=r,o=" }';

    expect(await local.runThrice(`tasks: [{ template: ${owned} }]`)).toEqual(['template changed']);
    expect(statSync(join(local.directory, 'app.conf'))).toMatchObject({
      ...{ uid: 1, gid: 7, mode: 0o100640 },
    });

    symlinkSync('app.conf', join(local.directory, 'link'));
    const { lines } = await local.run(
      `tasks: [{ template: ${owned.replace('app.conf', 'link')} }]`,
    );
    expect(lines[0]).toMatch(/^template failed: .*link is a symbolic link/);
  });

  test('has its text found right, and keeps what it replaces', async () => {
    const file = join(local.directory, 'app.conf');
    writeFileSync(file, 'right: old\n');
    const asked =
      'tasks: [{ template: { src: app.j2, dest: DIR/app.conf, backup: true, validate: grep -q right %s } }]';

    source('wrong: {{ n }}\n');
    expect((await local.run(asked)).lines[0]).toMatch(/^template failed/);
    expect(made()).toBe('right: old\n');

    source('right: {{ n }}\n');
    expect(await local.runThrice(asked)).toEqual(['template changed']);
    expect(made()).toBe('right: 3\n');
    const [kept = ''] = readdirSync(local.directory).filter((name) => name.endsWith('~'));
    expect(readFileSync(join(local.directory, kept), 'utf8')).toBe('right: old\n');
  });

  test('leaves a file that is there, if asked', async () => {
    source('new\n');
    const task = 'tasks: [{ template: { src: app.j2, dest: DIR/app.conf, force: false } }]';
    await local.runThrice(task);
    source('newer\n');
    expect(await local.runThrice(task)).toEqual(['template ok']);
    expect(made()).toBe('new\n');
  });

  test('refuses what is not there', async () => {
    await expect(local.run(`tasks: [{ template: ${task} }]`)).rejects.toThrow('no such file');
  });
});
