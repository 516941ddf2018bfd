import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { TempDir } from '../connection/sshd.ts';

const program = join(import.meta.dirname, '..', '..', 'bin', 'xpush');
const { PATH = '' } = process.env;
const dir = new TempDir();
afterAll(() => dir[Symbol.dispose]());
const inventory = dir.write('fleet.yaml', 'hosts: { here: { ssh: { transport: local } } }\n');

/** A check only: this machine stays as it is. */
function check(...parameters: readonly string[]) {
  const args = ['exec', inventory, 'all', ...parameters, '-C', '-o', 'json'];
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: dir.path,
    encoding: 'utf8',
    env: { PATH, HOME: dir.path },
    timeout: 20_000,
  });
  return { status, stderr, document: JSON.parse(stdout) };
}

/** What a file would hold. */
function written(...parameters: readonly string[]): string {
  const { document } = check('copy', `dest=${dir.path}/made`, ...parameters, '-D');
  const { diff } = document.hosts.here.tasks[0].changes[0];
  return /^\+(?!\+)(.*)$/m.exec(diff)?.[1] ?? '';
}

describe('xpush exec', () => {
  test.each<[string, string]>([
    ['content=plain', 'plain'],
    ['content= with blanks ', ' with blanks '],
    ['content=a: b', 'a: b'],
    ['content="quoted\\ttab"', 'quoted\ttab'],
    ['content=1.10', '1.10'],
    ['content=true', 'true'],
    ['content=*x', '*x'],
    ['content=a=b', 'a=b'],
    ['content={{ inventory_hostname }}!', 'here!'],
  ])('%j is the text that is meant', (parameter, text) => {
    expect(written(parameter)).toBe(text);
  });

  test('values that are lists, numbers and truth values in YAML are these', () => {
    const { status, document } = check('debug', 'msg={{ [1, 2] | sum + n }}', '-e', '{"n": 3}');
    expect([status, document.hosts.here.tasks[0].message]).toEqual([0, '6']);

    const list = check('command', 'argv=[echo, a]', 'changes=never');
    expect(list.status, list.stderr).toBe(0);
  });

  test('a step of the current directory is known', () => {
    mkdirSync(join(dir.path, 'steps'));
    dir.write('steps/hello.js', own);

    const { status, document } = check('hello', 'name=you');

    expect(status, JSON.stringify(document)).toBe(0);
    expect(document.hosts.here.tasks[0].message).toBe('hello you');
  });

  test('a parameter that is given twice is refused', () => {
    expect(check('copy', 'dest=/x', 'dest=/y', 'content=z')).toMatchObject({
      status: 2,
      stderr: 'copy:1:1: a parameter is given twice\n  dest\n  ^~~~\n',
    });
  });
});

const own = `export const step = ({ defineStep, v }) =>
  defineStep({
    name: 'hello',
    summary: 'Says hello.',
    on: ['dom0', 'domU', 'host'],
    params: v.strictObject({ name: v.string() }),
    queries: () => ({}),
    plan: (_target, { name }) => ({ changes: [], message: 'hello ' + name }),
  });
`;
