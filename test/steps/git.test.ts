import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { git } from '../../src/steps/git.ts';
import { cloneIn, remoteIn } from '../../src/steps/git-state.ts';
import { printing } from '../../src/steps/host-script.ts';
import { playbookOnLocalHost } from '../engine/playbook-on-local-host.ts';
import { complaints } from './edited.ts';

const site = playbookOnLocalHost();
const { at } = site;

function run(directory: string, ...words: string[]): string {
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'init.defaultBranch=main'];
  return execFileSync('git', ['-C', directory, ...who, ...words], { encoding: 'utf8' }).trim();
}

function commit(text: string): string {
  writeFileSync(at('upstream/file'), text);
  run(at('upstream'), 'add', '.');
  run(at('upstream'), 'commit', '-qm', text);
  return run(at('upstream'), 'rev-parse', 'HEAD');
}

const head = (name = 'clone') => run(at(name), 'rev-parse', 'HEAD');
const task = (more = '') => `
tasks:
  - { git: { repo: DIR/upstream, dest: DIR/clone${more} }, register: it }
  - { name: tell, debug: { msg: "{{ it.before }} {{ it.after }}" } }
`;

describe('git', () => {
  let first = '';
  beforeEach(() => {
    mkdirSync(at('upstream'));
    run(at('upstream'), 'init', '-q');
    first = commit('one\n');
    run(at('upstream'), 'tag', '-a', 'v1', '-m', 'v1');
  });

  test('clones, and follows the branch', async () => {
    expect(await site.runThrice(task())).toEqual(['git changed', `tell ok:  ${first}`]);
    expect(readFileSync(at('clone/file'), 'utf8')).toBe('one\n');
    expect(statSync(at('clone')).mode & 0o777).toBe(0o755);
    const second = commit('two\n');
    expect(await site.runThrice(task())).toEqual(['git changed', `tell ok: ${first} ${second}`]);
    expect(readFileSync(at('clone/file'), 'utf8')).toBe('two\n');
    expect(run(at('clone'), 'status', '--short', '--branch')).toMatch(/^## main/);
  });

  test('goes to a tag, to a commit, and stays where it may not be updated', async () => {
    const second = commit('two\n');
    await site.runThrice(task(', version: v1'));
    expect(head()).toBe(first);
    await site.runThrice(task(`, version: "${second}"`));
    expect(head()).toBe(second);
    expect(await site.runThrice(task(', version: v1, update: false'))).toEqual([
      'git ok',
      `tell ok: ${second} ${second}`,
    ]);
  });

  test('a shallow clone has no history', async () => {
    const second = commit('two\n');
    const shallow = task(', depth: 1').replace('DIR/upstream', 'file://DIR/upstream');
    await site.runThrice(shallow);
    expect(run(at('clone'), 'rev-list', '--count', 'HEAD')).toBe('1');
    expect(head()).toBe(second);
  });

  test('what was changed there is only thrown away by force', async () => {
    await site.runThrice(task());
    writeFileSync(at('clone/file'), 'mine\n');
    writeFileSync(at('clone/untracked'), 'mine\n');
    expect((await site.run(task())).lines[0]).toMatch(/^git ok/);
    commit('two\n');
    expect((await site.run(task())).lines[0]).toMatch(/were changed there/);
    await site.runThrice(task(', force: true'));
    expect(readFileSync(at('clone/file'), 'utf8')).toBe('two\n');
    expect(existsSync(at('clone/untracked'))).toBe(true);
  });

  test('with variables of the task too, a check knows what an apply brings', async () => {
    const around = task().replace('register: it', 'register: it, environment: { GIT_TRACE: "0" }');
    const twice = `${around}${around.split('\n')[2]}`;
    const { lines } = await site.run(twice, { check: true });
    expect(lines).toEqual(['git changed', `tell ok:  ${first}`, 'git ok']);
  });

  test('follows a repository that moves', async () => {
    await site.runThrice(task());
    run(site.directory, 'clone', '-q', 'upstream', 'moved');
    await site.runThrice(task().replace('DIR/upstream', 'DIR/moved'));
    expect(run(at('clone'), 'config', 'remote.origin.url')).toBe(at('moved'));
  });

  test.each([
    ['a version that is not there', ', version: v9', /no branch or tag v9/],
    ['a repository that is not there', ', version: v1', /does not (appear|exist)|not found/i],
    ['something in the way', '', /in the way/],
  ])('refuses %s', async (what, more, message) => {
    if (what.startsWith('something')) {
      mkdirSync(at('clone'));
      writeFileSync(at('clone/x'), '');
    }
    const text = what.startsWith('a repository')
      ? task(more).replace('upstream', 'none')
      : task(more);
    expect((await site.run(text)).lines[0]).toMatch(message);
  });

  test.each<[object, RegExp]>([
    [{ repo: '--upload-pack=x' }, /one word/],
    [{ version: '-x' }, /one word/],
    [{ depth: 0 }, /1/],
    [{ dest: 'a' }, /begins with/],
  ])('refuses %j', (params, message) => {
    expect(complaints(git, { repo: '/a', dest: '/b', ...params }).join('\n')).toMatch(message);
  });
});

describe('what hosts say', () => {
  test('is taken apart without throwing', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), fc.string({ maxLength: 20 }), (text, version) => {
        cloneIn(printing(text));
        cloneIn(printing(`clone\n${text}`));
        remoteIn(printing(text), version);
      }),
    );
  });

  test('of a branch and a tag of the same name, the branch counts', () => {
    const [a, b] = ['a'.repeat(40), 'b'.repeat(40)];
    const said = printing(`${a}\trefs/heads/x\n${b}\trefs/tags/x\n`);
    expect(remoteIn(said, 'x')).toEqual({ commit: a, branch: 'x', ref: 'refs/heads/x' });
    expect(remoteIn(printing(`${a}\trefs/tags/x\n${b}\trefs/tags/x^{}\n`), 'x')).toMatchObject({
      commit: b,
    });
  });
});
