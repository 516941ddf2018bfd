import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { TempDir } from '../connection/sshd.ts';
import { Pty } from '../report/pty.ts';

const program = join(import.meta.dirname, '..', '..', 'bin', 'xpush');
const { PATH = '' } = process.env;
const dir = new TempDir();
afterAll(() => dir[Symbol.dispose]());

// nothing is changed: all tasks only speak
const inventory = dir.write(
  'fleet.yaml',
  'hosts: { here: { ssh: { transport: local } }, there: {} }\ngroups: { few: [here] }\n',
);
const playbook = dir.write(
  'site.yaml',
  `- hosts: few
  name: Site
  vars_prompt:
    - { name: version, prompt: Which version, private: false, default: "1" }
    - { name: word, prompt: Word, confirm: true }
  tasks:
    - { name: one, tags: [a], assert: { that: version == wanted, fail_msg: "version {{ version }}" } }
    - { name: two, tags: [b], assert: { that: word == 'tr0ub4dor', fail_msg: wrong } }
- hosts: there
  name: Others
  vars_prompt: [{ name: nobody_asks }]
  tasks: [{ name: three, debug: { msg: x } }]
`,
);
const apply = ['apply', inventory, playbook];

function xpush(...args: readonly string[]) {
  return spawnSync(program, args, {
    encoding: 'utf8',
    input: '',
    env: { PATH, HOME: dir.path },
    timeout: 20_000,
  });
}

function open(...args: readonly string[]) {
  const env = { XDG_STATE_HOME: dir.path, XDG_CACHE_HOME: dir.path };
  return new Pty([process.execPath, program, ...args], { columns: 120, rows: 20, env });
}

const json = (text: string) => JSON.parse(text);

describe('vars_prompt', () => {
  test('is asked on the terminal, unseen and twice where the play says so', async () => {
    await using pty = open(...apply, '-l', 'here', '-C', '-o', 'plain', '-e', 'wanted=7');
    await pty.until(() => pty.text.includes('Which version [1]: '));
    pty.type('7\r');
    await pty.until(() => pty.text.includes('Word: '));
    pty.type('tr0ub4dor\r');
    await pty.until(() => pty.text.includes('Word (again): '));
    pty.type('tr0ub4dor\r');

    expect(await pty.ended(), pty.text).toBe(0);
    expect(pty.text).not.toContain('tr0ub4dor');
    expect(pty.text).not.toContain('nobody_asks');
  });

  test('two answers that differ are asked for again', async () => {
    await using pty = open(...apply, '-l', 'here', '-C', '-e', 'wanted=1', '-e', 'version=1');
    await pty.until(() => pty.text.includes('Word: '));
    pty.type('one\r');
    await pty.until(() => pty.text.includes('Word (again): '));
    pty.type('two\r');
    await pty.until(() => pty.text.includes('these are not the same\r\nWord: '));
    pty.type('tr0ub4dor\r');
    await pty.until(() => pty.text.split('Word (again): ').length === 3);
    pty.type('tr0ub4dor\r');

    expect(await pty.ended(), pty.text).toBe(0);
  });

  test('without a terminal, a default or -e must answer', () => {
    const { status, stderr } = xpush(...apply, '-l', 'here', '-C');
    expect([status, stderr]).toEqual([
      2,
      'xpush: Word: there is no terminal to ask for word on\n  hint: give it: -e word=VALUE, or -e @FILE\n',
    ]);

    const told = xpush(...apply, '-l', 'here', '-C', '-e', 'word=tr0ub4dor', '-e', 'wanted=1');
    expect(told.status, told.stderr).toBe(0);
  });
});

describe('--step', () => {
  test('asks of each task, until it is to go on', async () => {
    const words = ['-e', 'word=x', '-e', 'version=1', '-e', 'wanted=1', '-l', 'here'];
    await using pty = open(...apply, '--step', '-C', '-v', '-o', 'plain', ...words);
    await pty.until(() => pty.text.includes('Site: one (y/n/c) '));
    pty.type('y\r');
    await pty.until(() => pty.text.includes('Site: two (y/n/c) '));
    pty.type('n\r');

    expect(await pty.ended(), pty.text).toBe(0);
    expect(pty.text).not.toContain('Others');
  });
});

describe('--explain', () => {
  const parts = dir.write(
    'parts.yaml',
    `- hosts: few
  tasks:
    - { name: ask, command: { argv: [echo, x], changes: always }, register: said }
    - { name: use, copy: { dest: "${dir.path}/{{ said.stdout }}", content: x } }
`,
  );

  test('shows the segments, and does nothing', () => {
    const { status, stdout, stderr } = xpush('apply', inventory, parts, '--explain');

    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toBe(`here: 2 segments
  1. changes: ask
     ends, as the result of "ask" is needed by "use"
  2. changes, as things stand: use
`);
    expect(existsSync(join(dir.path, 'x'))).toBe(false);
  });

  test('is a document with -o json', () => {
    const { stdout } = xpush('apply', inventory, parts, '--explain', '-o', 'json');

    expect(json(stdout).hosts.here).toMatchObject([
      { kind: 'act', tasks: ['ask'], isSure: true },
      { kind: 'act', tasks: ['use'], isSure: false, ends: null },
    ]);
  });
});

describe('--list-tasks, --list-hosts and --list-tags', () => {
  test('show what is chosen, and ask and contact nobody', () => {
    const { status, stdout } = xpush(...apply, '--list-tasks', '--list-hosts', '--list-tags');

    expect(status).toBe(0);
    expect(stdout).toBe(`Site: 1 host
  here
  one  [a]
  two  [b]
  tags: a, b

Others: 1 host
  there
  three
  tags: none
`);
  });

  test('are documents with -o json', () => {
    const args = ['--list-tasks', '-o', 'json', '--tags', 'b', '-l', 'there'];
    const { plays } = json(xpush(...apply, ...args).stdout);

    expect(plays).toMatchObject([
      { name: 'Site', hosts: [], tags: ['b'] },
      { name: 'Others', hosts: ['there'], tasks: [] },
    ]);
    expect(plays[0].tasks).toEqual([
      { name: 'two', step: 'assert', tags: ['b'], file: playbook, line: 8, column: 31 },
    ]);
  });

  test('do not go with a saved plan', () => {
    const { status, stderr } = xpush('apply', '--plan', 'x.plan', '-e', 'a=1');

    expect([status, stderr]).toEqual([
      2,
      'xpush: --plan says what is done: no --extra-vars with it\n',
    ]);
  });
});
