import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadPlaybooks, parsePlaybook } from '../../src/playbook/load-playbook.ts';
import { ConfigError } from '../../src/source/diagnostic.ts';
import { formatDiagnostic } from '../../src/source/format-diagnostic.ts';
import { parseYaml } from '../../src/source/parse-yaml.ts';

function read(text: string) {
  const parsed = parseYaml(text, 'site.yaml');
  return parsed.ok ? parsePlaybook(parsed.value, 'site.yaml') : parsed;
}

function complaints(text: string): string {
  const result = read(text);
  return result.ok ? 'nothing is wrong' : result.diagnostics.map(formatDiagnostic).join('\n');
}

describe('loadPlaybooks', () => {
  const shipped = join(import.meta.dirname, '../../playbooks');
  test.each(readdirSync(shipped))('the shipped %s is right', (name) => {
    expect(loadPlaybooks([join(shipped, name)])[0]?.plays.length).toBeGreaterThan(0);
  });

  test.each([shipped, '/dev/zero'])('reads nothing that is not a file: %s', (path) => {
    expect(() => loadPlaybooks([path])).toThrow(`${path} is not a file`);
  });

  test('reads no endless file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'xpush-playbook-'));
    const path = join(folder, 'sparse.yaml');
    writeFileSync(path, '');
    truncateSync(path, 3 * 1024 ** 3);

    expect(() => loadPlaybooks([path])).toThrow(`${path} is larger than 10 MB`);
    rmSync(folder, { recursive: true });
  });

  test('says of every file what is wrong with it', () => {
    try {
      loadPlaybooks(['/nowhere/a.yaml', '/nowhere/b.yaml']);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect(String(error)).toContain('/nowhere/a.yaml: no such playbook');
      expect(String(error)).toContain('/nowhere/b.yaml: no such playbook');
    }
  });
});

describe('parsePlaybook', () => {
  test('a task without a name has its step’s, a play without one its hosts', () => {
    const result = read('- hosts: [web, db]\n  tasks:\n    - command: { argv: [id] }\n');

    const play = result.ok ? result.value.plays[0] : undefined;
    expect(play).toMatchObject({ name: 'web,db', hosts: ['web', 'db'] });
    expect(play?.tasks[0]).toMatchObject({ name: 'command', params: { argv: ['id'] } });
  });

  test('all that is wrong is said at once, each at its place', () => {
    const text = `- hosts: 5
- hosts: all
  taks: []
- hosts: all
  serial: 1
  tasks:
    - command: { argv: [id], shell: id }
- hosts: all
  tasks:
    - comand: { argv: [id] }
    - command: { argv: [id], create: /x }
    - command: { shell: id, argv: [id] }
    - command:
    - name: nothing
    - firewall: { on: yes }
    - firewall:
      sysctl:
    - just words
    - command: { shell: "echo {{ name }}" }
    - command: { shell: id, creates: relative }
    - command: { shell: "" }
    - command: { argv: [""] }
`;

    expect(complaints(text)).toMatchInlineSnapshot(`
      "site.yaml:1:10: hosts must be text or a list, but 5 is a number
        - hosts: 5
                 ^
        hint: quote it: "5"
      site.yaml:3:3: unknown key "taks"
          taks: []
          ^~~~
        hint: did you mean "tasks"?
      site.yaml:5:3: unknown key "serial"
          serial: 1
          ^~~~~~
        hint: known here: name, hosts, tasks
      site.yaml:7:16: exactly one of "argv" and "shell" is needed
            - command: { argv: [id], shell: id }
                       ^~~~~~~~~~~~~~~~~~~~~~~~~
      site.yaml:10:7: unknown step or keyword "comand"
            - comand: { argv: [id] }
              ^~~~~~
        hint: did you mean "command"?
      site.yaml:11:30: unknown key "create"
            - command: { argv: [id], create: /x }
                                     ^~~~~~
        hint: did you mean "creates"?
      site.yaml:12:16: exactly one of "argv" and "shell" is needed
            - command: { shell: id, argv: [id] }
                       ^~~~~~~~~~~~~~~~~~~~~~~~~
      site.yaml:13:7: exactly one of "argv" and "shell" is needed
            - command:
              ^~~~~~~
      site.yaml:14:7: this task names no step
            - name: nothing
              ^~~~~~~~~~~~~
      site.yaml:15:19: unknown key "on"
            - firewall: { on: yes }
                          ^~
        hint: nothing is written here
      site.yaml:16:7: a task has one step: "firewall" and "sysctl" are two
            - firewall:
              ^~~~~~~~~
        hint: make them two tasks
      site.yaml:18:7: a task is a step with its parameters
            - just words
              ^~~~~~~~~~
        hint: write "- step:"
      site.yaml:19:25: templates are not supported by xpush 0.1
            - command: { shell: "echo {{ name }}" }
                                ^~~~~~~~~~~~~~~~~
        hint: write the value itself
      site.yaml:20:38: a path here begins with "/" and is one line of at most 4095 bytes
            - command: { shell: id, creates: relative }
                                             ^~~~~~~~
      site.yaml:21:25: a line is needed
            - command: { shell: "" }
                                ^~
      site.yaml:22:24: at least the command itself is needed
            - command: { argv: [""] }
                               ^~~~"
    `);
  });

  test.each(['', 'hosts: all', '[]', '- 5'])('%j is no playbook', (text) => {
    expect(complaints(text)).toMatch(/^site.yaml:1:[13]: /);
  });
});
