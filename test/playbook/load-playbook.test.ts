import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadPlaybooks, parsePlaybook } from '../../src/playbook/load-playbook.ts';
import { usualRollout } from '../../src/playbook/model.ts';
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
  test.each(
    readdirSync(shipped, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /^(?:site\/)?[^/]*\.yaml$/.test(name),
    ),
  )('the shipped %s is right', (name) => {
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
    const result = read(
      '- hosts: [web, db]\n  tasks:\n    - command: { changes: never, argv: [id] }\n',
    );

    const play = result.ok ? result.value.plays[0] : undefined;
    expect(play).toMatchObject({ name: 'web,db', hosts: ['web', 'db'] });
    expect(play?.tasks[0]).toMatchObject({ name: 'command', params: { argv: ['id'] } });
  });

  test('all that is wrong is said at once, each at its place', () => {
    const text = `- hosts: 5
- hosts: all
  taks: []
- hosts: all
  strategy: free
  tasks:
    - command: { changes: never, argv: [id], shell: id }
- hosts: all
  tasks:
    - comand: { argv: [id] }
    - command: { changes: never, argv: [id], create: /x }
    - command: { changes: never, shell: id, argv: [id] }
    - command:
    - name: nothing
    - firewall: { on: yes }
    - firewall:
      sysctl:
    - just words
    - command: { changes: never, shell: "echo {{ name }}" }
    - command: { shell: id, creates: relative }
    - command: { changes: never, shell: "" }
    - command: { changes: never, argv: [""] }
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
      site.yaml:5:3: unknown key "strategy"
          strategy: free
          ^~~~~~~~
      site.yaml:7:16: exactly one of "argv", "cmd" and "shell" is needed
            - command: { changes: never, argv: [id], shell: id }
                       ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
      site.yaml:10:7: unknown step or keyword "comand"
            - comand: { argv: [id] }
              ^~~~~~
        hint: did you mean "command"?
      site.yaml:11:46: unknown key "create"
            - command: { changes: never, argv: [id], create: /x }
                                                     ^~~~~~
        hint: did you mean "creates"?
      site.yaml:12:16: exactly one of "argv", "cmd" and "shell" is needed
            - command: { changes: never, shell: id, argv: [id] }
                       ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
      site.yaml:13:7: this command does not say what it changes
            - command:
              ^~~~~~~
        hint: add "creates", "removes", "unless" or "onlyif"; or "changes: always", "changes: never"; or "changed_when"
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
      site.yaml:20:38: a path here begins with "/" and is one line of at most 4095 bytes
            - command: { shell: id, creates: relative }
                                             ^~~~~~~~
      site.yaml:21:41: a line is needed
            - command: { changes: never, shell: "" }
                                                ^~
      site.yaml:22:40: at least the command itself is needed
            - command: { changes: never, argv: [""] }
                                               ^~~~"
    `);
  });

  test.each(['hosts: { web1: {} }', 'dom0: {}\ndomU: {}', 'groups: {}\nhosts: all'])(
    '%j is an inventory, whose place is told',
    (text) => {
      expect(complaints(text)).toContain('xpush lint -i INVENTORY PLAYBOOK');
    },
  );

  test.each(['hosts: all\ntasks: []', 'tasks: []', '{}', '5'])(
    '%j is not taken for one',
    (text) => {
      expect(complaints(text)).toContain('begin with "- hosts: all"');
    },
  );

  test.each(['', 'hosts: all', '[]', '- 5'])('%j is no playbook', (text) => {
    expect(complaints(text)).toMatch(/^site.yaml:1:[13]: /);
  });

  test('a play says how it goes through its hosts, and a task that it is about the network', () => {
    const text = `- hosts: all
  serial: [1, 10%, 100%]
  max_fail_percentage: 2.5
  any_errors_fatal: true
  max_per: { dom0: 2, web: 1 }
  pause: 60
  tasks:
    - command: { changes: never, argv: [id] }
      network: true
    - command: { changes: never, argv: [id] }
- { hosts: all, serial: 5 }
- { hosts: all, serial: "20%" }
- { hosts: all }
`;
    const result = read(text);
    const plays = result.ok ? result.value.plays : [];

    expect(plays[0]?.rollout).toMatchObject({
      serial: [{ hosts: 1 }, { percent: 10 }, { percent: 100 }],
      maxFailPercentage: 2.5,
      anyErrorsFatal: true,
      maxPer: [
        { group: 'dom0', most: 2 },
        { group: 'web', most: 1 },
      ],
      pauseSeconds: 60,
    });
    expect(plays[0]?.tasks.map(({ network }) => network)).toEqual([true, false]);
    expect(plays.slice(1).map(({ rollout }) => rollout)).toEqual([
      { ...usualRollout, serial: [{ hosts: 5 }] },
      { ...usualRollout, serial: [{ percent: 20 }] },
      usualRollout,
    ]);
  });

  test('each keyword says at its place what is wrong with it', () => {
    const text = `- hosts: all
  serial: [1, 10 %, 0]
  max_fail_percentage: 101
  any_errors_fatal: yes
  max_per: { dom0: 0 }
  pause: -1
  tasks:
    - command: { changes: never, argv: [id] }
      network: yes
- { hosts: all, serial: [] }
- { hosts: all, serial: 110% }
`;

    expect(complaints(text)).toMatchInlineSnapshot(`
      "site.yaml:2:15: "10 %" is no size of a batch
          serial: [1, 10 %, 0]
                      ^~~~
        hint: write a number of hosts, or a percentage: "10%"
      site.yaml:2:21: 0 is no size of a batch
          serial: [1, 10 %, 0]
                            ^
        hint: write a number of hosts, or a percentage: "10%"
      site.yaml:3:24: max_fail_percentage must be at most 100, not 101
          max_fail_percentage: 101
                               ^~~
      site.yaml:4:21: any_errors_fatal must be true or false, but yes is text
          any_errors_fatal: yes
                            ^~~
        hint: write true
      site.yaml:5:20: dom0 must be at least 1, not 0
          max_per: { dom0: 0 }
                           ^
      site.yaml:6:10: pause must be at least 0, not -1
          pause: -1
                 ^~
      site.yaml:9:16: network must be true or false, but yes is text
              network: yes
                       ^~~
        hint: write true
      site.yaml:10:25: serial names no size
        - { hosts: all, serial: [] }
                                ^~
      site.yaml:11:25: "110%" is no size of a batch
        - { hosts: all, serial: 110% }
                                ^~~~
        hint: write a number of hosts, or a percentage: "10%""
    `);
  });
});
