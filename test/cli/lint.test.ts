import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { TempDir } from '../connection/sshd.ts';

const root = join(import.meta.dirname, '..', '..');
const { PATH = '' } = process.env;
const dir = new TempDir();
afterAll(() => dir[Symbol.dispose]());

const inventory = dir.write('fleet.yaml', 'hosts: { web1: { vars: { color: blue } } }\n');
const bad = dir.write(
  'bad.yaml',
  `- hosts: all
  tasks:
    - debug: { msg: "{{ colour }}" }
      register: out
`,
);
const fair = dir.write(
  'fair.yaml',
  '- hosts: all\n  tasks: [{ debug: { msg: x }, register: out, tags: a }]\n',
);
const invalid = dir.write('invalid.yaml', '- hosts: all\n  tasks: [{ debugg: { msg: x } }]\n');

function lint(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(join(root, 'bin/xpush'), ['lint', ...args], {
    encoding: 'utf8',
    env: { PATH, HOME: dir.path },
    timeout: 20_000,
  });
  const plain = (text: string): string => text.replaceAll(`${dir.path}/`, '');
  return { status, stdout: plain(stdout), stderr: plain(stderr) };
}

describe('xpush lint', () => {
  test('shows each finding with its line, and exits with 1 for an error', () => {
    expect(lint(bad, '-i', inventory)).toEqual({
      status: 1,
      stdout: `bad.yaml:3:25: error: "colour" is not defined [undefined-variable]
      - debug: { msg: "{{ colour }}" }
                          ^~~~~~
  hint: did you mean "color"?
bad.yaml:4:17: warning: nothing reads "out" [unused-register]
        register: out
                  ^~~
`,
      stderr: '1 error, 1 warning; nobody was contacted\n',
    });
  });

  test('exits with 1 for a warning only where it is strict', () => {
    expect(lint(fair)).toMatchObject({ status: 0, stdout: expect.stringMatching(/: warning: /) });
    expect(lint(fair, '--strict').status).toBe(1);
  });

  test('says what is wrong with the files as any other finding', () => {
    const { status, stdout } = lint(invalid, '-o', 'json', '-i', inventory);

    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 1,
      exit: 1,
      findings: [
        {
          ...{ file: 'invalid.yaml', line: 2, column: 13, severity: 'error', rule: 'invalid' },
          message: 'unknown step or keyword "debugg"',
          hint: 'did you mean "debug"?',
        },
      ],
    });
  });

  test('knows the choice of hosts and tasks', () => {
    expect(lint(fair, '-t', 'b').stdout).toMatch(/error: --tags: no task has the tag "b"/);
    expect(lint(fair, '-i', inventory, '-l', 'web2').stdout).toMatch(/--limit: .*"web2"/);
    expect(lint(fair, '--skip-tags', 'a').stdout).toMatch(/leave nothing to do \[nothing-chosen\]/);
  });

  test('a variable of the command line is defined', () => {
    const { stdout } = lint(bad, '-i', inventory, '-e', 'colour=red');

    expect(stdout).not.toMatch(/undefined/);
  });

  test('needs a playbook or an inventory', () => {
    expect(lint().status).toBe(2);
    expect(lint('-i', join(root, 'inventory/webserv.yaml'))).toMatchObject({
      status: 0,
      stdout: '',
    });
  });

  test('finds nothing in the example of steps of your own, which the program in one file runs', () => {
    const example = join(root, 'docs/examples/own-steps');

    const { status, stdout, stderr } = lint(
      join(example, 'site.yaml'),
      ...['--strict', '-i', join(example, 'inventory.yaml')],
    );

    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: '',
      stderr: 'nothing found; nobody was contacted\n',
    });
  });
});
