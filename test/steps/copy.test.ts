import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sums } from '../../src/host/sums.ts';
import {
  type ControllerFile,
  ControllerFiles,
  type FoundFiles,
  largeFile,
  smallFile,
  unsummedFile,
} from '../../src/steps/controller-files.ts';
import { copy } from '../../src/steps/copy.ts';
import { bind, fileOf, planTwice, stateFor } from './observed.ts';

const small = smallFile('/here/motd', 0o755, Buffer.from('hello\n'));
const bytes = randomBytes(300_000);
const large = largeFile('/here/image', 0o600, () => [bytes.subarray(0, 7), bytes.subarray(7)]);

const fileFound = (file: ControllerFile): FoundFiles => ({ type: 'file', name: 'motd', file });
const tree: FoundFiles = {
  type: 'directory',
  name: 'site',
  directories: ['css', 'css/old'],
  files: new Map([
    ['index.html', small],
    ['css/image', large],
  ]),
};

const plan = (params: object, answers: Record<string, unknown> = {}) =>
  planTwice(bind(copy, 'plain', params), answers);
const from = (found: FoundFiles, path: string) => new ControllerFiles(path, found);
const directory = { type: 'directory' };

/** As a look tells of a large file. */
const largeState = (
  content: Buffer,
  mode = 0o644,
  hostSums = sums(content.toString('latin1')),
) => ({
  ...{ type: 'file', mode, uid: 0, gid: 0, size: content.length, content: null, sums: hostSums },
});
const onlySha = (content: Buffer) => `${sums(content.toString('latin1')).split(' ')[0]} * *`;
const onlyCrc = (content: Buffer) =>
  `* ${sums(content.toString('latin1')).split(' ').slice(1).join(' ')}`;

describe('copy', () => {
  test('writes a text, as UTF-8, and finds it written', () => {
    const { first, second } = plan(
      { content: 'für\n', dest: '/etc/motd', mode: '0600' },
      { 'file:/etc': directory },
    );

    expect(first).toMatchObject({
      changes: [{ kind: 'write', path: '/etc/motd', content: 'f\xc3\xbcr\n', mode: 0o600 }],
    });
    expect(second).toMatchObject({ changes: [] });
  });

  test.each([
    ['into a directory that is there', '/etc', '/etc/motd'],
    ['into a directory, with a slash', '/etc/', '/etc/motd'],
    ['to the name that is given', '/etc/issue', '/etc/issue'],
    ['into the root', '/', '/motd'],
  ])('a file goes %s', (_, dest, path) => {
    const { first } = plan(
      { src: from(fileFound(small), 'motd'), dest },
      { 'file:/etc': directory, 'file:/': directory },
    );

    expect(first).toMatchObject({
      changes: [{ kind: 'write', path, content: 'hello\n', mode: null }],
    });
  });

  test('a directory that ends in a slash is made for a file, one above a name is not', () => {
    const made = plan({
      src: from(fileFound(small), 'motd'),
      dest: '/opt/a/',
      directory_mode: '700',
    });
    expect(made.first).toMatchObject({
      changes: [
        { kind: 'directory', path: '/opt/a', mode: 0o700 },
        { kind: 'write', path: '/opt/a/motd' },
      ],
    });

    const refused = plan({ src: from(fileFound(small), 'motd'), dest: '/opt/a/b' });
    expect(refused.first).toMatchObject({ refusal: 'the directory /opt/a does not exist' });
  });

  test.each([
    ['site', '/srv/site'],
    ['site/', '/srv'],
  ])('of %s, all goes to %s, directories first', (path, base) => {
    const { first, second } = plan(
      { src: from(tree, path), dest: '/srv' },
      { 'file:/srv': directory },
    );

    const paths = 'refusal' in first ? [] : first.changes.map((one) => 'path' in one && one.path);
    const below = ['css', 'css/old', 'index.html', 'css/image'].map((name) => `${base}/${name}`);
    expect(paths).toEqual([...(base === '/srv' ? [] : [base]), ...below]);
    expect(second).toMatchObject({ changes: [] });
  });

  test('modes are kept as they are here when that is asked for', () => {
    const { first } = plan({ src: from(tree, 'site/'), dest: '/srv', mode: 'preserve' });

    expect(first).toMatchObject({
      changes: expect.arrayContaining([
        expect.objectContaining({ path: '/srv/index.html', mode: 0o755 }),
        expect.objectContaining({ path: '/srv/css/image', mode: 0o600 }),
      ]),
    });
  });

  test.each([
    ['knows SHA-256', onlySha(bytes)],
    ['knows no more than a CRC', onlyCrc(bytes)],
  ])('a large file that is there is not sent to a host that %s', (_, hostSums) => {
    const params = { src: from(fileFound(large), 'image'), dest: '/srv/image' };
    const above = { 'file:/srv': directory };

    const same = plan(params, { ...above, 'file:/srv/image': largeState(bytes, 0o644, hostSums) });
    const moded = plan(
      { ...params, mode: '0640' },
      { ...above, 'file:/srv/image': largeState(bytes, 0o644, hostSums) },
    );

    expect(same.first).toMatchObject({ changes: [] });
    expect(moded.first).toMatchObject({ changes: [{ kind: 'send', mode: 0o640 }] });
    expect(moded.second).toMatchObject({ changes: [] });
  });

  test('a large file that differs in a byte is sent', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.constantFrom(onlySha, onlyCrc), (place, say) => {
        const other = Buffer.from(bytes);
        other[place] = (other[place] ?? 0) ^ 1;

        const { first, second } = plan(
          { src: from(fileFound(large), 'image'), dest: '/srv/image' },
          { 'file:/srv': directory, 'file:/srv/image': largeState(other, 0o644, say(other)) },
        );

        expect(first).toMatchObject({ changes: [{ kind: 'send', path: '/srv/image' }] });
        expect(second).toMatchObject({ changes: [] });
      }),
      { numRuns: 20 },
    );
  });

  test.each([
    ['absent', { type: 'absent' }, false],
    ['of another size', largeState(bytes.subarray(1)), false],
    ['of the same size', largeState(bytes), true],
  ])(
    'the sums of a large file are made before planning where one is there that is %s',
    async (_, state, isMade) => {
      let made = 0;
      const later = {
        get value(): string {
          if (made === 0) throw new Error('somebody would have to wait');
          return large.sums;
        },
        make: async () => {
          made += 1;
        },
      };
      const unsummed = unsummedFile(large, later, () => [bytes]);
      const bound = bind(copy, 'plain', {
        src: from(fileFound(unsummed), 'image'),
        dest: '/srv/image',
      });
      const seen = stateFor(bound, { 'file:/srv': directory, 'file:/srv/image': state });

      await bound.prepare?.(seen);
      const first = bound.plan(seen);

      expect(made > 0).toBe(isMade);
      expect(first).toMatchObject({ changes: isMade ? [] : [{ kind: 'send' }] });
      const [sent] = 'refusal' in first ? [] : first.changes;
      if (sent !== undefined) expect(() => seen.after(sent)).not.toThrow();
    },
  );

  test.each([
    [
      'a directory where a text should be',
      { content: 'x', dest: '/etc' },
      { 'file:/etc': directory },
      '/etc is a directory',
    ],
    [
      'a directory where a file should be',
      { src: from(tree, 's/'), dest: '/srv' },
      { 'file:/srv/index.html': directory },
      '/srv/index.html is no file that can be replaced (it is directory)',
    ],
    [
      'a file where a directory should be',
      { src: from(tree, 's/'), dest: '/srv' },
      { 'file:/srv/css': fileOf('x') },
      '/srv/css is in the way: it is no directory',
    ],
    [
      'a file above',
      { content: 'x', dest: '/etc/motd/x' },
      { 'file:/etc/motd': fileOf('x') },
      '/etc/motd is no directory',
    ],
  ])('refuses %s', (_, params, answers, refusal) => {
    expect(plan(params, answers).first).toMatchObject({ refusal });
  });
});
