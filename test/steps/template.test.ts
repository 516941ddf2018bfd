import { readFileSync, statSync, writeFileSync } from 'node:fs';
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

  test('refuses what is not there', async () => {
    await expect(local.run(`tasks: [{ template: ${task} }]`)).rejects.toThrow('no such file');
  });
});
