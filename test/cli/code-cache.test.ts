import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { CodeCache, codeCacheDirectory } from '../../src/cli/code-cache.ts';

const room = mkdtempSync(join(tmpdir(), 'xpush-code-'));
afterAll(() => rmSync(room, { recursive: true }));
const code = Buffer.from('code that V8 would believe');
let count = 0;

/** A directory that is not there yet. */
function newDirectory(): string {
  count += 1;
  return join(room, String(count), 'cache', 'code');
}

function written(key = 'one'): CodeCache {
  const cache = new CodeCache(newDirectory(), key);
  cache.write(() => ({ code, compiledBytes: 1234.5 }));
  return cache;
}

describe('CodeCache', () => {
  test('gives what was written', () => {
    expect(written().read()).toEqual({ code, compiledBytes: 1234.5 });
  });

  test('is for its user alone', () => {
    const { file } = written();

    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(file, '..'))).toEqual(['one']);
  });

  test('says when there is nothing yet', () => {
    const cache = new CodeCache(newDirectory(), 'one');

    expect(cache.read()).toEqual({ code: null, reason: 'not there yet' });
  });

  test('any byte that is another one makes it damaged', () => {
    const cache = written();
    const whole = readFileSync(cache.file);
    for (let at = 0; at < whole.length; at += 1) {
      const flipped = Buffer.from(whole);
      flipped.writeUInt8(whole.readUInt8(at) ^ 1, at);
      writeFileSync(cache.file, flipped);

      expect(cache.read()).toEqual({ code: null, reason: 'damaged' });
    }
  });

  test('any end that is missing makes it damaged', () => {
    const cache = written();
    for (let length = statSync(cache.file).size - 1; length >= 0; length -= 1) {
      truncateSync(cache.file, length);

      expect(cache.read()).toEqual({ code: null, reason: 'damaged' });
    }
  });

  test('code of another key is damaged, whatever its file is called', () => {
    const { file } = written();
    const other = new CodeCache(join(file, '..'), 'other');
    renameSync(file, other.file);

    expect(other.read()).toEqual({ code: null, reason: 'damaged' });
  });

  test.each<[string, (cache: CodeCache) => void]>([
    ['that others may write to', ({ file }) => chmodSync(file, 0o620)],
    ['with a second name', ({ file }) => linkSync(file, `${file}.link`)],
    [
      'that is a directory',
      ({ file }) => {
        rmSync(file);
        mkdirSync(file);
      },
    ],
  ])('a file %s is not read', (_, spoil) => {
    const cache = written();
    spoil(cache);

    expect(cache.read()).toEqual({ code: null, reason: 'not ours alone' });
  });

  test('a link is not followed', () => {
    const cache = written();
    const { file } = cache;
    renameSync(file, `${file}.real`);
    symlinkSync(`${file}.real`, file);

    expect(cache.read()).toEqual({ code: null, reason: 'ELOOP' });
  });

  test('a directory that others may enter is neither read nor written', () => {
    const cache = written();
    chmodSync(join(cache.file, '..'), 0o755);
    const other = new CodeCache(join(cache.file, '..'), 'other');
    other.write(() => ({ code, compiledBytes: 0 }));

    expect(cache.read()).toEqual({ code: null, reason: 'its directory is open to others' });
    expect(existsSync(other.file)).toBe(false);
  });

  test.runIf(process.geteuid?.() === 0)("nothing is left in somebody else's home", () => {
    const directory = newDirectory();
    const home = join(directory, '../..');
    mkdirSync(home);
    chownSync(home, 12345, 12345);
    new CodeCache(directory, 'one').write(() => ({ code, compiledBytes: 0 }));

    expect(readdirSync(home)).toEqual([]);
  });

  test('where nothing can be written, nothing is asked for', () => {
    const blocked = join(room, 'a file');
    writeFileSync(blocked, '');
    for (const directory of ['/proc/none/code', join(blocked, 'code'), blocked]) {
      const cache = new CodeCache(directory, 'one');
      cache.write(() => {
        throw new Error('asked');
      });

      expect(cache.read().code).toBe(null);
    }
    expect(readFileSync(blocked, 'utf8')).toBe('');
  });

  test('what fails in the middle leaves nothing', () => {
    const cache = new CodeCache(newDirectory(), 'one');
    cache.write(() => {
      throw new Error('no code');
    });

    expect(readdirSync(join(cache.file, '..'))).toEqual([]);
  });

  test('the oldest files go when there are more than forty', () => {
    const cache = written('old');
    utimesSync(cache.file, 1, 1);
    const directory = join(cache.file, '..');
    for (let index = 0; index < 39; index += 1) {
      copyFileSync(cache.file, join(directory, `other-${index}`));
    }
    new CodeCache(directory, 'new').write(() => ({ code, compiledBytes: 0 }));

    const left = readdirSync(directory);
    expect(left).toHaveLength(40);
    expect(left).toContain('new');
    expect(left).not.toContain('old');
  });
});

describe('codeCacheDirectory', () => {
  test('is in the XDG cache directory', () => {
    expect(codeCacheDirectory({ XDG_CACHE_HOME: '/x/y' })).toBe('/x/y/xpush/code');
  });

  test('passes over a relative one', () => {
    expect(codeCacheDirectory({ XDG_CACHE_HOME: 'x' })).toMatch(/^\/.*\/\.cache\/xpush\/code$/);
  });

  test.each(['NODE_DISABLE_COMPILE_CACHE', 'NODE_V8_COVERAGE'])('is none with %s', (name) => {
    expect(codeCacheDirectory({ XDG_CACHE_HOME: '/x/y', [name]: '1' })).toBe(null);
  });
});
