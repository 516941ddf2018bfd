import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, test } from 'vitest';
import { copy } from '../../src/steps/copy.ts';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';
import { complaints } from './edited.ts';

const site = playbookOnLocalHost();
const { at } = site;
const isRoot = process.getuid?.() === 0;
const made = () => readdirSync(site.directory).filter((name) => name !== 'site.yaml');

describe('copy', () => {
  test.runIf(isRoot)('gives owners, and nobody reads a new file before', async () => {
    mkdirSync(at('src/in'), { recursive: true });
    writeFileSync(at('src/in/f'), 'text');
    await site.runThrice(`
tasks:
  - copy: { content: secret, dest: DIR/a, owner: daemon, group: "7", mode: u=rw }
  - copy: { src: DIR/src/, dest: DIR/b/, owner: "9", mode: preserve, directory_mode: "0750" }
`);
    expect(statSync(at('a'))).toMatchObject({ uid: 1, gid: 7, mode: 0o100644 });
    expect(statSync(at('b'))).toMatchObject({ uid: 9, mode: 0o40750 });
    expect(statSync(at('b/in/f'))).toMatchObject({ uid: 9 });
  });

  test('keeps what it replaces, if asked', async () => {
    writeFileSync(at('a'), 'old');
    const task = `
tasks:
  - { copy: { content: new, dest: DIR/a, backup: true }, register: it }
  - { name: tell, debug: { msg: "{{ it.backup_file is defined }}" } }
`;
    expect(await site.runThrice(task.slice(0, task.indexOf('\n  - { name')))).toEqual([
      'copy changed',
    ]);
    const [backup = ''] = made().filter((name) => name.endsWith('~'));
    expect(readFileSync(at(backup), 'utf8')).toBe('old');
    expect(readFileSync(at('a'), 'utf8')).toBe('new');
    expect((await site.run(task)).lines).toEqual(['copy ok', 'tell ok: false']);
  });

  test('leaves a file that is there, if asked', async () => {
    writeFileSync(at('a'), 'old');
    await site.runThrice('tasks: [{ copy: { content: new, dest: DIR/a, force: false } }]');
    await site.runThrice('tasks: [{ copy: { content: new, dest: DIR/b, force: false } }]');
    expect([readFileSync(at('a'), 'utf8'), readFileSync(at('b'), 'utf8')]).toEqual(['old', 'new']);
  });

  test('has a content found right before it is put in place', async () => {
    writeFileSync(at('a'), 'right 1\n');
    const task = (content: string) =>
      `tasks: [{ copy: { content: "${content}\\n", dest: DIR/a, validate: "grep -q right %s && test -s '%s'" } }]`;
    const { lines } = await site.run(task('wrong'));
    expect(lines[0]).toMatch(/^copy failed/);
    expect(readFileSync(at('a'), 'utf8')).toBe('right 1\n');
    await site.runThrice(task('right 2'));
    expect(readFileSync(at('a'), 'utf8')).toBe('right 2\n');
    expect(made()).toEqual(['a']);
  });

  test('copies a file of the host, small or large', async () => {
    const large = randomBytes(400_000);
    writeFileSync(at('small'), 'text');
    writeFileSync(at('large'), large);
    symlinkSync('old', at('link'));
    writeFileSync(at('old'), randomBytes(300_000), { mode: 0o600 });
    mkdirSync(at('into'));
    await site.runThrice(`
tasks:
  - copy: { src: DIR/small, dest: DIR/into/, remote_src: true }
  - copy: { src: DIR/large, dest: DIR/new, remote_src: true, mode: "0600" }
  - copy: { src: DIR/large, dest: DIR/link, remote_src: true }
`);
    expect(readFileSync(at('into/small'), 'utf8')).toBe('text');
    expect(readFileSync(at('new')).equals(large)).toBe(true);
    expect(readFileSync(at('old')).equals(large)).toBe(true);
    expect([statSync(at('new')).mode & 0o777, statSync(at('old')).mode & 0o777]).toEqual([
      0o600, 0o600,
    ]);
    const { lines } = await site.run(
      'tasks: [{ copy: { src: DIR/no, dest: DIR/x, remote_src: true } }]',
    );
    expect(lines[0]).toMatch(/no file of the host/);
  });

  test.each<[object, RegExp]>([
    [{ validate: 'visudo -cf' }, /%s/],
    [{ mode: 'x' }, /chmod/],
    [{ owner: 'a b' }, /name of the host/],
  ])('refuses %j', (params, message) => {
    expect(complaints(copy, { content: 'a', dest: '/b', ...params }).join('\n')).toMatch(message);
  });
});
