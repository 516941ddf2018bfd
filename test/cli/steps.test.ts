import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, describe, expect, test } from 'vitest';
import { TempDir } from '../connection/sshd.ts';

const root = join(import.meta.dirname, '..', '..');
const { PATH = '' } = process.env;
const dir = new TempDir();
afterAll(() => dir[Symbol.dispose]());

mkdirSync(join(dir.path, 'project', 'roles', 'web', 'steps'), { recursive: true });
cpSync(join(root, 'docs', 'examples', 'own-steps'), join(dir.path, 'project'), { recursive: true });
const step = (name: string, parts: string): string =>
  `export const step = ({ defineStep, query, change, described, v, noParams }) => defineStep({
  name: '${name}',
  summary: 'Writes a mark.',
  on: ['host'],
  params: noParams,
  queries: () => ({ mark: query.file('${dir.path}/mark') }),
  plan: () => ({ changes: [] }),
  ${parts}
});
`;
const leave = `leave: (_target, _params, { mark }) => ({
    changes: change.removeFile('${dir.path}/mark', mark, 'boot'),
  }),`;
dir.write('project/roles/web/steps/mark.js', step('web_mark', leave));

function xpush(cwd: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(join(root, 'bin', 'xpush'), args, {
    cwd: join(dir.path, cwd),
    encoding: 'utf8',
    env: { PATH, HOME: dir.path },
    timeout: 20_000,
  });
  return { status, stdout, stderr };
}

describe('xpush steps', () => {
  test('lists the steps of the current directory and of its roles below those of xpush', () => {
    const { status, stdout } = xpush('project', 'steps');
    const [own, mine] = stdout.split('\n\nOf your own:\n');

    expect([status, own]).toEqual([0, expect.stringContaining('copy ')]);
    expect(mine).toBe(
      [
        'disk_room       Fails unless a file system has room. (steps/disk-room.js)',
        'login_banner    Writes the text that sshd shows before a login. (steps/login-banner.ts)',
        "web_mark        Writes a mark. (roles/web/steps/mark.js, for that role's tasks)",
        '',
      ].join('\n'),
    );
    expect(xpush('.', 'steps').stdout).not.toContain('Of your own');
  });

  test('shows the parameters of one of them, and where it is written', () => {
    expect(xpush('project', 'steps', 'login_banner').stdout).toBe(
      `login_banner: Writes the text that sshd shows before a login.
Written in: steps/login-banner.ts
For: dom0, domU, host
Parameters:
  text (required)
      What is shown.
  path
      The file that sshd reads.
`,
    );
    expect(xpush('project', 'steps', 'login_baner')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('did you mean "login_banner"?'),
    });
  });

  test('one that cannot be read is told with its line, and those of xpush are shown all the same', () => {
    mkdirSync(join(dir.path, 'broken', 'steps'), { recursive: true });
    dir.write('broken/steps/copy.js', step('copy', ''));

    expect(xpush('broken', 'steps')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/steps\/copy\.js:2:9: "copy" is a step of xpush's own/),
    });
    expect(xpush('broken', 'steps', 'copy').status).toBe(0);
  });
});

describe('xpush steps --schema', () => {
  const { stdout } = xpush('project', 'steps', '--schema');
  const ajv = new Ajv({ strict: true, strictTypes: false, validateFormats: false });
  const validate = ajv.compile(JSON.parse(stdout));
  const takes = (task: unknown): boolean => validate([{ hosts: 'all', tasks: [task] }]);

  test('takes tasks with steps of the current directory', () => {
    expect(takes({ login_banner: 'a text' })).toBe(true);
    expect(takes({ disk_room: { path: '/', needed_mb: 3 } })).toBe(true);
    expect(takes({ disk_room: { path: '/', needed_mb: '{{ room }}' } })).toBe(true);
    expect(takes({ copy: { dest: '/x', content: '' } })).toBe(true);
  });

  test.each([
    { disk_room: { path: '/', needed_mb: 'a lot' } },
    { disk_room: { path: '/', needed: 3 } },
    { disk_room: { path: '/' } },
    { disk_room: null },
    { disk_rooms: null },
    { web_mark: null },
  ])('refuses %j', (task) => {
    expect(takes(task)).toBe(false);
  });
});

describe('xpush remove', () => {
  test('takes away what a step of the current directory says that it leaves', () => {
    dir.write('mark', 'x');
    const check = ['remove', 'here', '--transport', 'local', '-C', '-o', 'json'];
    const tasksOf = (cwd: string) => JSON.parse(xpush(cwd, ...check).stdout).hosts.here.tasks;

    const [task] = tasksOf('project');
    expect(task).toMatchObject({ step: 'web_mark', status: 'changed' });
    expect(task.changes).toMatchObject([{ kind: 'remove', path: `${dir.path}/mark` }]);
    expect(JSON.stringify(tasksOf('.'))).not.toContain('web_mark');
  });
});
