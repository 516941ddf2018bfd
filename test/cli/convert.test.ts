import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parse } from '../../src/cli/parse.ts';

let directory = '';
let printed = '';
let said = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'convert-'));
  printed = '';
  said = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true });
});

function written(name: string, text: string): string {
  const path = join(directory, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
}

async function run(...words: readonly string[]): Promise<number> {
  return await (await parse(['convert', ...words]))();
}

describe('xpush convert', () => {
  test('prints a playbook that is one file, and says what is left', async () => {
    const playbook = written(
      'site.yml',
      '- hosts: all\n  tasks:\n    - ping:\n    - debug: msg=hi\n',
    );

    expect(await run(playbook)).toBe(0);
    expect(printed).toContain('- debug: hi\n');
    expect(said).toBe('Translated: 1 file; 1 thing is left to do: look for "TODO:".\n');
  });

  test('wants a directory for several files, and writes over nothing', async () => {
    const playbook = written('site.yml', '- hosts: all\n  roles: [a]\n');
    written('roles/a/tasks/main.yml', '- debug: msg=hi\n');
    const out = join(directory, 'out');

    await expect(run(playbook)).rejects.toThrow('the translation is 2 files');
    expect(await run(playbook, '--out', out)).toBe(0);
    await expect(run(playbook, '--out', out)).rejects.toThrow('is there already');
    await expect(run(playbook, '--out', directory)).rejects.toThrow('is where the playbook is');
    expect(await run(playbook, '--out', out, '--force')).toBe(0);
    expect(readFileSync(join(out, 'roles/a/tasks/main.yml'), 'utf8')).toBe('- debug: hi\n');
  });

  test('writes nothing outside of its directory', async () => {
    const playbook = written(
      'a/site.yml',
      '- hosts: all\n  tasks:\n    - import_tasks: ../b.yml\n',
    );
    written('b.yml', '- debug: msg=hi\n');

    await expect(run(playbook, '--out', join(directory, 'out'))).rejects.toThrow(
      "../b.yml is not below the playbook's directory",
    );
  });

  test('says of an inventory why it cannot be loaded, at its head and with the places', async () => {
    const playbook = written('site.yml', '- hosts: web\n  tasks:\n    - debug: msg=hi\n');
    const inventory = written('hosts', '[web]\na ansible_host=192.0.2.999 ansible_port=x\n');
    const out = join(directory, 'out');

    expect(await run(playbook, '-i', inventory, '--out', out)).toBe(0);
    const text = readFileSync(join(out, 'inventory.yaml'), 'utf8');
    expect(text.split('\n').slice(0, 4)).toEqual([
      '# TODO: it cannot be loaded: "192.0.2.999" is not an IPv4 address',
      '# TODO: it cannot be loaded: port must be a number, not "x"',
      '',
      'hosts:',
    ]);
    expect(said).toBe(
      [
        'inventory.yaml:5:17: "192.0.2.999" is not an IPv4 address',
        '    a: { address: 192.0.2.999, ssh: { port: x } }',
        '                  ^~~~~~~~~~~',
        'inventory.yaml:5:43: port must be a number, not "x"',
        '    a: { address: 192.0.2.999, ssh: { port: x } }',
        '                                            ^',
        'Translated: 2 files; 2 things are left to do: look for "TODO:".\n',
      ]
        .join('\n')
        .replace('2 files', `2 files in ${out}`),
    );
  });

  test('takes files along that are beside the playbook, and says nothing of roles that a role needs', async () => {
    const tasks = '- template: { src: motd.j2, dest: /etc/motd }\n    - copy: src=plain dest=/x\n';
    const playbook = written('site.yml', `- hosts: all\n  roles: [a]\n  tasks:\n    ${tasks}`);
    written('motd.j2', '{{ ansible_hostname }}\n');
    written('plain', 'x\n');
    written('roles/a/tasks/main.yml', '- debug: msg=hi\n- include_tasks: "{{ os }}.yml"\n');
    written('roles/a/meta/main.yml', 'dependencies: [b]\n');
    written('roles/b/tasks/main.yml', '- debug: msg=ho\n');
    const out = join(directory, 'out');

    expect(await run(playbook, '--out', out)).toBe(0);
    expect(readFileSync(join(out, 'motd.j2'), 'utf8')).toBe('{{ facts.hostname }}\n');
    expect(readFileSync(join(out, 'plain'), 'utf8')).toBe('x\n');
    expect(readFileSync(join(out, 'roles/a/tasks/main.yml'), 'utf8')).toMatch(
      /^- import_role:\n {4}name: b\n- debug: hi\n# TODO: /,
    );
    expect(said).toBe(`Translated: 4 files in ${out}; 1 thing is left to do: look for "TODO:".\n`);
  });

  test('takes what plays say of connections to the inventory', async () => {
    const playbook = written(
      'site.yml',
      '- hosts: localhost\n  connection: local\n  remote_user: ann\n  become: yes\n  tasks: []\n',
    );
    const inventory = written('hosts', 'web ansible_host=192.0.2.1\n');
    written('group_vars/all', 'a: 1\n');
    const out = join(directory, 'out');

    expect(await run(playbook, '-i', inventory, '--out', out)).toBe(0);
    expect(readFileSync(join(out, 'inventory.yaml'), 'utf8')).toBe(
      [
        'ssh: { user: ann }',
        '',
        'become: true',
        '',
        'vars:',
        '  a: 1',
        '',
        'hosts:',
        '  web: { address: 192.0.2.1 }',
        '  localhost: { ssh: { transport: local } }',
        '',
      ].join('\n'),
    );
    expect(readFileSync(join(out, 'site.yml'), 'utf8')).not.toContain('TODO');
  });

  test('says what cannot be read, with its place', async () => {
    const wrong = written('site.yml', '- hosts: [all\n');

    await expect(run(wrong)).rejects.toMatchObject({
      diagnostics: [{ position: { file: wrong } }],
    });
    await expect(run(join(directory, 'none.yml'))).rejects.toThrow('no such playbook');
    await expect(run(written('vars.yml', 'a: 1\n'))).rejects.toThrow('is no playbook');
  });
});
