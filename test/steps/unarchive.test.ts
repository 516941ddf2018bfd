import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { printing } from '../../src/steps/host-script.ts';
import { kindOf, recordIn } from '../../src/steps/unpacked.ts';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';

const site = playbookOnLocalHost();
const { at } = site;
const isRoot = process.getuid?.() === 0;

function packed(name: string, ...words: string[]): void {
  execFileSync('tar', [...words, '-cf', at(name), '-C', at('tree'), '.']);
}

// what is remembered is root's
describe.runIf(isRoot)('unarchive', () => {
  beforeEach(() => {
    mkdirSync(at('tree/top/in'), { recursive: true });
    writeFileSync(at('tree/top/in/a b'), 'text');
    writeFileSync(at('tree/top/run'), 'x', { mode: 0o755 });
    mkdirSync(at('to'));
  });

  test.each(['a.tar.gz', 'a.tar.xz', 'a.tar', 'a.zip'])(
    'unpacks %s once, as foretold',
    async (name) => {
      if (name.endsWith('zip')) execFileSync('zip', ['-qr', at(name), '.'], { cwd: at('tree') });
      else packed(name, '-a');
      const task = `tasks: [{ unarchive: { src: DIR/${name}, dest: DIR/to } }]`;
      expect(await site.runThrice(task)).toEqual(['unarchive changed']);
      expect(readFileSync(at('to/top/in/a b'), 'utf8')).toBe('text');
      expect(statSync(at('to/top/run')).mode & 0o777).toBe(0o755);
      rmSync(at('to/top/run'));
      expect(await site.runThrice(task)).toEqual(['unarchive changed']);
      writeFileSync(at('tree/top/new'), '');
      rmSync(at(name));
      if (name.endsWith('zip')) execFileSync('zip', ['-qr', at(name), '.'], { cwd: at('tree') });
      else packed(name, '-a');
      expect(await site.runThrice(task)).toEqual(['unarchive changed']);
      expect(existsSync(at('to/top/new'))).toBe(true);
    },
  );

  test('with owners, without the directory at the top', async () => {
    writeFileSync(at('tree/top/large'), randomBytes(4000));
    packed('a.tgz', '-z');
    await site.runThrice(
      'tasks: [{ unarchive: { src: a.tgz, dest: DIR/to, strip_components: 2, owner: daemon, mode: "u=rwX,go=" } }]',
    );
    expect(statSync(at('to/large'))).toMatchObject({ uid: 1, size: 4000, mode: 0o100600 });
    expect(statSync(at('to/in')).mode & 0o777).toBe(0o700);
  });

  test('of several megabytes, which travels beside the program', async () => {
    const large = randomBytes(6_000_000);
    writeFileSync(at('tree/top/large'), large);
    packed('a.tar.gz', '-z');
    const lines = await site.runThrice('tasks: [{ unarchive: { src: a.tar.gz, dest: DIR/to } }]');
    expect(lines).toEqual(['unarchive changed']);
    expect(readFileSync(at('to/top/large')).equals(large)).toBe(true);
    expect(readdirSync(at('to'))).toEqual(['top']);
  });

  test('one of the host; nothing where something is created', async () => {
    packed('a.tar.gz', '-z');
    const task = (more: string) =>
      `{ unarchive: { src: DIR/a.tar.gz, dest: DIR/to, remote_src: true${more} } }`;
    const lines = await site.runThrice(`tasks: [${task(', creates: /etc')}, ${task('')}]`);
    expect(lines).toEqual(['unarchive ok: /etc exists', 'unarchive changed']);
    expect(existsSync(at('a.tar.gz'))).toBe(true);
  });

  test('names that lead out of the directory are refused', async () => {
    execFileSync('tar', ['-Pcf', at('a.tar'), '--transform', 's,^,../,', '-C', at('tree'), 'top']);
    const { lines } = await site.run('tasks: [{ unarchive: { src: a.tar, dest: DIR/to } }]');
    expect(lines[0]).toMatch(/lead out of the directory/);
    expect(existsSync(at('top'))).toBe(false);
  });

  test('a missing directory is said before anything is done', async () => {
    packed('a.tar');
    const { lines } = await site.run('tasks: [{ unarchive: { src: a.tar, dest: DIR/none } }]');
    expect(lines[0]).toMatch(/there is no directory/);
  });
});

describe('kindOf', () => {
  test('goes by the name', () => {
    expect(['a.tar.gz', 'b.TGZ', 'c.zip', 'd.gz', 'tar'].map(kindOf)).toEqual([
      '-z',
      '-z',
      'zip',
      null,
      null,
    ]);
  });
});

describe('recordIn', () => {
  test('takes nothing else for a record', () => {
    fc.assert(fc.property(fc.string(), (text) => recordIn(printing(text)).sum === null));
  });
});
