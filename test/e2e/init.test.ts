import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labDescribe } from '../lab-tier.ts';
import { documentOf, Fleet, statuses } from './fleet.ts';

const program = join(import.meta.dirname, '..', '..', 'bin', 'xpush');
const describe = await labDescribe();

const directory = mkdtempSync(join(tmpdir(), 'xpush-init-'));
const project = join(directory, 'fleet');
const inventory = join(project, 'inventory.yaml');
let fleet: Fleet;
let made: ReturnType<typeof init>;

function init() {
  const { status, stdout, stderr } = spawnSync(program, ['init', 'fleet'], {
    cwd: directory,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

beforeAll(async () => {
  made = init();
  fleet = await Fleet.start(readFileSync(inventory, 'utf8'));
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

describe('xpush init', () => {
  test('says what it made, and what comes next', () => {
    const files = readdirSync(project, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));

    expect([made.status, made.stderr]).toEqual([0, '']);
    const [listed = '', next] = made.stdout.split('\n\n');
    expect(listed.split('\n').toSorted()).toEqual(files.toSorted());
    expect(next).toBe(
      'Next: edit fleet/inventory.yaml, then xpush apply fleet/inventory.yaml --check --diff\n',
    );
  });

  test('writes over nothing', () => {
    expect(init()).toEqual({
      status: 2,
      stdout: '',
      stderr:
        'xpush: fleet/inventory.yaml is there already\n  hint: name another directory: xpush init DIR\n',
    });
  });

  test('what it makes works in the lab: a check, an apply, and then nothing is left to do', async () => {
    const run = (...args: readonly string[]) =>
      fleet.xpush('apply', inventory, '-o', 'json', ...args);
    expect((await run('--check', '-l', 'dom0')).code).toBe(0);

    const first = await run();
    const second = await run();

    expect(statuses(documentOf(first))).toEqual({ xen1: 'changed', web1: 'changed' });
    expect(statuses(documentOf(second))).toEqual({ xen1: 'ok', web1: 'ok' });
    const motd = await fleet.lab.host('web1').readFile('/etc/motd');
    expect(motd.toString('utf8')).toBe(
      'web1 serves the web site.\nIts message of the day is written by xpush; ask ops@example.org.\n',
    );
  });

  test('the commands of its README do what they say', async () => {
    const readme = readFileSync(join(project, 'README.md'), 'utf8');
    const commands = readme.match(/^ {4}xpush (?!apply inventory.yaml$).*/gm) ?? [];
    for (const command of commands) {
      const words = command
        .trim()
        .split(' ')
        .slice(1)
        .map((word) => {
          return word === 'inventory.yaml' ? inventory : word.replaceAll("'", '');
        });
      const { code, stdout, stderr } = await fleet.xpush(...words);
      expect(code, `${command}: ${stdout}${stderr}`).toBe(0);
    }
    expect(commands).toHaveLength(7);
  });
});
