import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runConvert } from '../../src/cli/run-convert.ts';
import { modules } from '../../src/convert/modules.ts';
import { loadPlaybooks } from '../../src/playbook/load-playbook.ts';
import { steps } from '../../src/steps/index.ts';

const source = join(import.meta.dirname, 'playbooks');
const names = readdirSync(source).filter((name) => name.endsWith('.yml'));

let target = '';
const stderr = process.stderr.write;

beforeAll(() => {
  target = mkdtempSync(join(tmpdir(), 'convert-'));
  process.stderr.write = () => true;
});

afterAll(() => {
  process.stderr.write = stderr;
  rmSync(target, { recursive: true });
});

async function converted(name: string): Promise<string> {
  const out = join(target, name);
  rmSync(out, { recursive: true, force: true });
  await runConvert({ playbook: [join(source, name)], out, force: false });
  return out;
}

/** Modules that playbooks of public style use most. */
const mostUsed = [
  ...['command', 'shell', 'file', 'copy', 'template', 'apt', 'yum', 'dnf', 'package', 'service'],
  ...['systemd', 'lineinfile', 'blockinfile', 'replace', 'user', 'group', 'git', 'get_url'],
  ...['unarchive', 'debug', 'set_fact', 'stat', 'pip', 'cron', 'uri', 'wait_for', 'assert', 'fail'],
  ...[
    'authorized_key',
    'sysctl',
    'mount',
    'ini_file',
    'hostname',
    'fetch',
    'script',
    'raw',
    'find',
  ],
];

describe('convert', () => {
  test('is tested on twenty playbooks and more, which cover the modules used most', () => {
    const all = names.map((name) => readFileSync(join(source, name), 'utf8')).join('\n');
    const missing = mostUsed.filter(
      (module) => !new RegExp(`(?:^|[\\s.])${module}(?::|\\s)`).test(all),
    );

    expect(names.length).toBeGreaterThanOrEqual(20);
    expect(missing).toEqual([]);
  });

  test.each(names)('%s loads once it is converted', async (name) => {
    const out = await converted(name);

    expect(loadPlaybooks([join(out, name)])).toHaveLength(1);
  });

  test.each(names)('%s names no step as unknown that is there', async (name) => {
    const out = await converted(name);
    const text = readFileSync(join(out, name), 'utf8');
    const unknown = [...text.matchAll(/TODO: unknown step (\w+)/g)].map(([, step]) => step);

    expect(steps.filter((step) => unknown.includes(step.name))).toEqual([]);
  });

  test('keeps comments, order and names', async () => {
    const out = await converted('01-lamp.yml');
    const text = readFileSync(join(out, '01-lamp.yml'), 'utf8');

    expect(text).toMatch(/^# A LAMP server/);
    expect(text).toContain('    # first the packages\n    - name: ensure apache is at the latest');
    expect(text.indexOf('latest version')).toBeLessThan(text.indexOf('is running'));
  });

  test('keeps a task that does not fit as a comment, at its place, with the reason', async () => {
    const out = await converted('20-debug-free.yml');
    const text = readFileSync(join(out, '20-debug-free.yml'), 'utf8');

    expect(text).toContain(
      [
        '    # kept comment',
        '    # TODO: xpush has no step for unknown_module: write a "command" task, or a step of your own',
        '    # - unknown_module: a=b # why',
        '',
      ].join('\n'),
    );
    expect(text).toContain('# TODO: unknown key "bogus"');
    expect(text).toContain('# TODO: there is no filter "nofilter"');
  });

  test('keeps the name of a handler that does not fit', async () => {
    const out = await converted('06-roles.yml');
    const text = readFileSync(join(out, 'roles/common/handlers/main.yml'), 'utf8');

    expect(text).toMatch(/- name: reload firewall\n {2}fail:\n/);
  });

  test('does what a role needs at the head of its tasks', async () => {
    const out = await converted('06-roles.yml');
    const text = readFileSync(join(out, 'roles/nginx/tasks/main.yml'), 'utf8');

    expect(text).toMatch(
      /^- import_role:\n {4}name: common\n {2}vars:\n {4}common_timezone: UTC\n/,
    );
  });

  test('copies files and writes templates in our words', async () => {
    const out = await converted('01-lamp.yml');

    expect(readFileSync(join(out, 'files/motd'), 'utf8')).toBe('hello\n');
    expect(readFileSync(join(out, 'templates/vhost.conf.j2'), 'utf8')).toContain(
      'ServerName {{ facts.hostname }}',
    );
  });
});

describe('modules', () => {
  test('name parameters that their steps have', () => {
    const wrong = modules.flatMap(({ names: [name], step, renamed = {} }) => {
      const entries = steps.find((one) => one.name === step)?.params.entries;
      if (entries === undefined) return [];
      return Object.values(renamed)
        .filter((parameter) => !Object.hasOwn(entries, parameter))
        .map((parameter) => `${name}: ${parameter}`);
    });

    expect(wrong).toEqual([]);
  });
});
