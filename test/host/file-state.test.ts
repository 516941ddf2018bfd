import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fileFingerprint,
  fingerprintAfter,
  hasContent,
  parseFiles,
} from '../../src/host/file-state.ts';
import { contentLimit, type FileState, query } from '../../src/host/query.ts';
import { quote } from '../../src/host/quote.ts';
import { sums } from '../../src/host/sums.ts';
import { runs } from '../runs.ts';
import { describeShells, RunningShell, temporaryDirectory } from './shells.ts';

const isRoot = process.getuid?.() === 0;
const owner = isRoot ? fc.nat(4_000_000_000) : fc.constant(process.getuid?.() ?? 0);

const file = fc.record({
  mode: fc.integer({ min: 0, max: 0o7777 }).map((mode) => (isRoot ? mode : mode | 0o400)),
  uid: owner,
  gid: isRoot ? fc.nat(4_000_000_000) : fc.constant(process.getgid?.() ?? 0),
  content: fc
    .oneof(
      { weight: 9, arbitrary: fc.uint8Array({ maxLength: 400 }) },
      fc
        .integer({ min: contentLimit - 1, max: contentLimit + 2 })
        .map((size) => Buffer.alloc(size, 'x')),
    )
    .map((bytes) => Buffer.from(bytes).toString('latin1')),
});

/** Of the same length, but for an empty one. */
function otherThan(content: string): string {
  return (content.startsWith('y') ? 'n' : 'y') + content.slice(1);
}

describeShells('fileFingerprint', (shell) => {
  test('is what the host recognises the file by, and look tells of it what stat does', async () => {
    await using running = new RunningShell(shell);
    let count = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(file, { minLength: 1, maxLength: 12 }), async (files) => {
        count += 1;
        const directory = join(temporaryDirectory(), String(count));
        mkdirSync(directory);
        const paths = files.map((_, index) => join(directory, `file ${index}`));
        for (const [index, { mode, uid, gid, content }] of files.entries()) {
          const path = paths[index]!;
          writeFileSync(path, content, 'latin1');
          chownSync(path, uid, gid);
          chmodSync(path, mode);
        }

        const states = [...(await running.observe(paths.map(query.file))).values()].map((one) =>
          'answer' in one ? (one.answer as FileState) : null,
        );
        const calls = paths.map((path) => `xp_file_state ${quote(path)} && echo "$XP_STATE"`);
        const { body } = await running.call(calls.join('\n'));

        for (const [index, { content, ...details }] of files.entries()) {
          const isLarge = content.length > contentLimit;
          const state = states[index]!;
          const expected = { type: 'file', ...details, size: content.length };
          expect(state).toMatchObject({ ...expected, content: isLarge ? null : content });
          expect(state.type === 'file' && hasContent(state, content)).toBe(true);
          expect(state.type === 'file' && hasContent(state, otherThan(content))).toBe(false);

          const pattern = body.split('\n')[index]!;
          expect(fits(fileFingerprint(state), pattern)).toBe(true);
          expect(fits(fingerprintAfter(state, null, sums(content)), pattern)).toBe(true);
          expect(fits(fingerprintAfter(state, details.mode ^ 0o2001, sums(content)), pattern)).toBe(
            false,
          );
          expect(fits(fingerprintAfter(state, null, sums(`${content}x`)), pattern)).toBe(false);
        }
      }),
      { numRuns: runs(15) },
    );
  });
});

/** As `case` in a shell does for patterns whose only special character is `*`. */
function fits(text: string, pattern: string): boolean {
  const words = pattern.split(' ');
  const found = text.split(' ');
  return (
    found.length === words.length && words.every((word, at) => word === '*' || word === found[at])
  );
}

describe('parseFiles', () => {
  const line = (name: string, size: number) => `-rw-r--r-- 1 0 0 ${size} Nov 22 17:27 ${name}\n`;

  test('keeps names apart that end alike', () => {
    const types = `file\nfile\n${line('/a /b', 2)}${line('/b', 1)}`;

    const states = parseFiles(['/b', '/a /b'], { types, contents: 'xyz', sumLines: '' });

    expect(states).toMatchObject([
      { size: 1, content: 'x' },
      { size: 2, content: 'yz' },
    ]);
  });

  test('keeps names apart that busybox prints alike', () => {
    const types = `file\nabsent\nfile\n${line('/??', 2)}${line('/??', 1)}`;

    const paths = ['/é', '/à', '/è'].map((path) => Buffer.from(path).toString('latin1'));
    const states = parseFiles(paths, { types, contents: 'cab', sumLines: '' });

    expect(states).toMatchObject([
      { size: 1, content: 'c' },
      { type: 'absent' },
      { size: 2, content: 'ab' },
    ]);
  });

  test.each([
    ['a file that grew', { types: `file\n${line('/a', 1)}`, contents: 'ab', sumLines: '' }],
    ['a file that shrank', { types: `file\n${line('/a', 2)}`, contents: 'a', sumLines: '' }],
    ['a file that went', { types: 'file\n', contents: '', sumLines: '' }],
    ['nothing at all', { types: '', contents: '', sumLines: '' }],
    ['an unknown word', { types: `fil\n${line('/a', 1)}`, contents: 'a', sumLines: '' }],
    ['a line of garbage', { types: 'file\n-rw- /a\n', contents: 'a', sumLines: '' }],
    [
      'a large file without its sum',
      { types: `file\n${line('/a', 300_000)}`, contents: 'x'.repeat(contentLimit), sumLines: '' },
    ],
  ])('says of %s that the answer does not hold together', (_what, sections) => {
    expect(parseFiles(['/a'], sections)).toBeNull();
  });

  test('never fails, whatever a host says', () => {
    const text = fc.array(
      fc.constantFrom('file', 'absent', '\n', ' ', '1', '-rw-r--r--', '/a', 'x'),
    );
    fc.assert(
      fc.property(text, text, text, (types, contents, sumLines) => {
        const sections = [types, contents, sumLines].map((words) => words.join(''));

        parseFiles(['/a', '/b'], {
          types: sections[0]!,
          contents: sections[1]!,
          sumLines: sections[2]!,
        });
      }),
      { numRuns: runs(1000) },
    );
  });
});
