import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { archive } from '../../src/steps/archive.ts';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';
import { complaints } from './edited.ts';

const site = playbookOnLocalHost();
const { at } = site;

/** Long ago, so that what comes is newer whatever the clock of the file system. */
function age(name: string): void {
  utimesSync(at(name), 1e9, 1e9);
}

describe('archive', () => {
  beforeEach(() => {
    mkdirSync(at('tree/in'), { recursive: true });
    writeFileSync(at('tree/in/a b'), 'text');
    writeFileSync(at('-x'), 'dash');
    for (const name of ['tree/in/a b', 'tree/in', 'tree', '-x']) age(name);
  });

  test.each(['a.tar.gz', 'a.tar', 'a.tar.xz', 'a.zip'])(
    'packs %s once, and again what is newer',
    async (name) => {
      const task = `tasks: [{ archive: { path: [DIR/tree, DIR/-x, DIR/none], dest: DIR/${name}, mode: "0640" } }]`;
      expect(await site.runThrice(task)).toEqual(['archive changed']);
      const names = name.endsWith('zip')
        ? execFileSync('unzip', ['-Z1', at(name)], { encoding: 'utf8' })
        : execFileSync('tar', ['-tf', at(name)], { encoding: 'utf8' });
      const found = names.split('\n').map((one) => one.replace(/^\.\//, ''));
      expect(found).toEqual(expect.arrayContaining(['tree/in/a b', '-x']));
      expect(statSync(at(name)).mode & 0o777).toBe(0o640);
      age(name);
      rmSync(at('tree/in/a b'));
      expect(await site.runThrice(task)).toEqual(['archive changed']);
      expect(readdirSync(site.directory).filter((one) => one.startsWith('.'))).toEqual([]);
    },
  );

  test('removes what it packed, if asked', async () => {
    await site.runThrice('tasks: [{ archive: { path: DIR/tree, dest: DIR/a.tgz, remove: true } }]');
    expect([existsSync(at('tree')), existsSync(at('a.tgz'))]).toEqual([false, true]);
  });

  test('fails where there is nothing', async () => {
    const { lines } = await site.run('tasks: [{ archive: { path: DIR/none, dest: DIR/a.tgz } }]');
    expect(lines[0]).toMatch(/there is nothing at/);
  });

  test.each<[object, RegExp]>([
    [{ dest: '/b' }, /tells what it is/],
    [{ dest: '/a/b.tar' }, /in what it holds/],
    [{ path: '/' }, /everything|in what it holds/],
    [{ path: [] }, /needed/],
  ])('refuses %j', (params, message) => {
    expect(complaints(archive, { path: '/a', dest: '/b.tar', ...params }).join('\n')).toMatch(
      message,
    );
  });
});
