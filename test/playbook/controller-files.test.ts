import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { sums } from '../../src/host/sums.ts';
import { ControllerReader, type WhenSummed } from '../../src/playbook/controller-files.ts';
import { loadPlaybooks } from '../../src/playbook/load-playbook.ts';
import { PlaybookFiles } from '../../src/playbook/playbook-files.ts';
import { ConfigError } from '../../src/source/diagnostic.ts';
import { formatDiagnostic } from '../../src/source/format-diagnostic.ts';
import { ControllerFiles } from '../../src/steps/controller-files.ts';

const all = mkdtempSync(join(tmpdir(), 'xpush-controller-'));
afterAll(() => rmSync(all, { recursive: true }));
let place = '';
beforeEach(() => {
  place = mkdtempSync(join(all, 'p-'));
});

/** What `src: PATH` of a playbook in the test's directory finds. */
function found(src: string, whenSummed: WhenSummed = 'at once') {
  const file = join(place, 'site.yaml');
  writeFileSync(
    file,
    `- hosts: all\n  tasks:\n    - copy:\n        src: ${src}\n        dest: /srv\n`,
  );
  const [playbook] = loadPlaybooks([file], {
    files: new PlaybookFiles(new ControllerReader(whenSummed)),
  });
  const params = playbook?.plays[0]?.tasks[0]?.params;
  const files =
    typeof params === 'object' && params !== null && 'src' in params ? params.src : null;
  if (!(files instanceof ControllerFiles)) throw new Error('it has no src');
  return files.found;
}

function complaints(src: string): string {
  try {
    found(src);
    return 'nothing is wrong';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.diagnostics.map(formatDiagnostic).join('\n');
  }
}

describe('ControllerReader', () => {
  test('keeps a small file whole, and of a large one its sums', () => {
    writeFileSync(join(place, 'small'), 'f\xfcr', 'latin1');
    const bytes = Buffer.alloc(2_500_000, 'large');
    writeFileSync(join(place, 'large'), bytes, { mode: 0o640 });

    expect(found('small')).toMatchObject({
      type: 'file',
      name: 'small',
      file: { content: 'f\xfcr' },
    });
    const large = found('large');
    const all = sums(bytes.toString('latin1'));
    expect(large).toMatchObject({
      file: { content: null, size: 2_500_000, mode: 0o640, sums: `${all.split(' ')[0]} * *` },
    });
    expect(large.type === 'file' && large.file.allSums()).toBe(all);
  });

  test('makes the sums of a large file when these are needed, if that is enough', async () => {
    const bytes = Buffer.alloc(2_500_000, 'large');
    writeFileSync(join(place, 'large'), bytes, { mode: 0o640 });
    const all = sums(bytes.toString('latin1'));

    const large = found('large', 'when needed');

    expect(large).toMatchObject({ file: { content: null, size: 2_500_000, mode: 0o640 } });
    if (large.type !== 'file') throw new Error('it is no file');
    await large.file.makeSums?.();
    expect(large.file.sums).toBe(`${all.split(' ')[0]} * *`);
    expect(large.file.allSums()).toBe(all);
  });

  test('has no sums of a large file that changed before they were needed', () => {
    writeFileSync(join(place, 'large'), Buffer.alloc(2_500_000, 'large'));
    const large = found('large', 'when needed');

    writeFileSync(join(place, 'large'), Buffer.alloc(2_500_000, 'other'));

    expect(large.type === 'file' && [large.file.sums, large.file.allSums()]).toEqual(['', '']);
  });

  test('finds all of a directory, parents first, links to its own files as files', () => {
    mkdirSync(join(place, 'site/a/b'), { recursive: true });
    mkdirSync(join(place, 'site/empty'));
    writeFileSync(join(place, 'site/a/b/file'), 'x');
    symlinkSync('a/b/file', join(place, 'site/link'));

    const tree = found('./site/');

    expect(tree).toMatchObject({ name: 'site', directories: ['a', 'a/b', 'empty'] });
    expect(
      tree.type === 'directory' && [...tree.files].map(([name, { content }]) => [name, content]),
    ).toEqual([
      ['a/b/file', 'x'],
      ['link', 'x'],
    ]);
  });

  test.each([
    ['what is not there', 'nothing', () => {}, 'nothing: no such file or directory'],
    [
      'a pipe',
      'pipe',
      (at: string) => execFileSync('mkfifo', [at]),
      'pipe is neither a file nor a directory',
    ],
    [
      'a file with a slash',
      'file/',
      (at: string) => writeFileSync(at.slice(0, -1), ''),
      '"file/" is no directory',
    ],
    [
      'a link to what is elsewhere',
      'dir',
      (at: string) => {
        mkdirSync(at);
        symlinkSync('/etc/passwd', join(at, 'link'));
      },
      'dir/link is a symbolic link, to "/etc/passwd"',
    ],
    [
      'a link to itself',
      'dir',
      (at: string) => {
        mkdirSync(at);
        symlinkSync('link', join(at, 'link'));
      },
      "dir/link can't be read (ELOOP)",
    ],
    [
      'a link to a directory',
      'dir',
      (at: string) => {
        mkdirSync(join(at, 'd'), { recursive: true });
        symlinkSync('d', join(at, 'link'));
      },
      'dir/link is a symbolic link, to ',
    ],
    [
      'a name of two lines',
      'dir',
      (at: string) => {
        mkdirSync(at);
        writeFileSync(join(at, 'a\nb'), '');
      },
      'the name "a\\nb" can\'t be copied',
    ],
  ])('refuses %s, where the playbook names it', (_, src, make, why) => {
    make(join(place, src));

    const said = complaints(src);

    expect(said).toContain(why);
    expect(said).toMatch(/site\.yaml:4:14/);
  });

  test('refuses more small files than a program should hold', () => {
    mkdirSync(join(place, 'many'));
    for (let index = 0; index < 33; index += 1) {
      writeFileSync(join(place, 'many', `${index}`), Buffer.alloc(262_144, index));
    }

    expect(complaints('many')).toContain('the small files of this run are more than 8 MiB');
  });
});

describe('the parameters of copy', () => {
  test.each([
    ['{ dest: /a }', 'exactly one of "src" and "content" is needed'],
    ['{ dest: /a, src: b, content: c }', 'exactly one of "src" and "content" is needed'],
    ['{ dest: a, content: c }', 'a path here begins with "/"'],
    ['{ dest: /a/, content: c }', 'a content needs the name of a file'],
    ['{ dest: /a, content: c, mode: 644 }', 'quote it'],
    ['{ dest: /a, content: c, mode: "rwx" }', 'octal digits'],
    ['{ dest: /a, content: c, mode: preserve }', 'a content has no mode to preserve'],
  ])('%s: %s', (params, why) => {
    const file = join(place, 'site.yaml');
    writeFileSync(file, `- hosts: all\n  tasks:\n    - copy: ${params}\n`);

    let said = '';
    try {
      loadPlaybooks([file]);
    } catch (error) {
      if (error instanceof ConfigError) said = error.diagnostics.map(formatDiagnostic).join('\n');
    }
    expect(said).toContain(why);
    expect(said).toMatch(/site\.yaml:3:\d+/);
  });
});
