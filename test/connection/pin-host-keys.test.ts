import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { KnownHosts } from '../../src/connection/known-hosts.ts';
import { editKnownHosts } from '../../src/connection/known-hosts-edit.ts';
import { pinHostKeys } from '../../src/connection/pin-host-keys.ts';
import { parsePublicKey } from '../../src/connection/public-key.ts';
import { makeKey, TempDir } from './sshd.ts';

const dir = new TempDir();
afterAll(() => dir[Symbol.dispose]());

const texts = ['a', 'b', 'c'].map((name) => makeKey(dir, name).publicKey);
const [a = '', b = '', c = ''] = texts;
const rsaText = makeKey(dir, 'r', { type: 'rsa' }).publicKey;
const keyOf = (text: string) => {
  const key = parsePublicKey(text);
  if (key === null) throw new Error(text);
  return key;
};
const host = (name: string, keys: readonly string[], replaces = false) => ({
  ...{ name, replaces },
  keys: keys.map(keyOf),
});

/** What ssh-keygen finds for a name. */
function found(file: string, name: string): readonly string[] {
  const { stdout } = spawnSync('ssh-keygen', ['-F', name, '-f', file], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .flatMap((line) => (/^[^#]/.test(line) ? line.split(' ').slice(1).join(' ') : []));
}

describe('editKnownHosts', () => {
  test('adds what is missing at the end, and leaves all else as it is', () => {
    const before = `# mine\n\nxen1 ${a}\nother ${b} comment`;

    const edited = editKnownHosts(before, [host('xen1', [a, rsaText]), host('xen2', [c])], false);

    expect(edited).toEqual({
      text: `${before}\nxen1 ${rsaText}\nxen2 ${c}\n`,
      ...{ added: 2, problems: [] },
    });
    expect(editKnownHosts(edited.text, [host('xen1', [a, rsaText])], false).text).toBe(edited.text);
  });

  test('never adds a key beside another one of its type, unless it is to replace it', () => {
    const before = `xen1,10.0.0.1 ${a}\nxen1 ${rsaText}\n`;

    const kept = editKnownHosts(before, [host('xen1', [b])], false);
    const replaced = editKnownHosts(before, [host('xen1', [b], true)], false);

    expect(kept).toEqual({
      text: before,
      added: 0,
      problems: [{ name: 'xen1', text: 'line 1 has it with another key' }],
    });
    expect(replaced.text).toBe(`10.0.0.1 ${a}\nxen1 ${b}\n`);
  });

  test('takes no two keys of one type for one name: two servers answer there', () => {
    const edited = editKnownHosts('', [host('xen1', [a, rsaText, b]), host('xen2', [a, a])], false);

    expect(edited.problems).toEqual([
      { name: 'xen1', text: 'two keys of one type were shown for one name' },
    ]);
    expect(edited.text).toBe(`xen2 ${a}\n`);
  });

  test('does not touch patterns, comments and lines with a marker', () => {
    const before = `@revoked xen1 ${a}\n@cert-authority * ${b}\n#xen1 ${a}\nxen* ${c}\n`;

    const edited = editKnownHosts(before, [host('xen1', [a], true)], false);
    const other = editKnownHosts(before, [host('web1', [a], true)], false);

    expect(edited.problems).toEqual([
      { name: 'xen1', text: 'line 4 has it by a pattern, which is left alone' },
    ]);
    expect(edited.text).toBe(before);
    expect(other.text).toBe(`${before}web1 ${a}\n`);
  });

  test('what it writes, ssh-keygen finds; in hashed lines too, and they are replaced', () => {
    const file = dir.write('hashed', editKnownHosts('', [host('[xen1]:2222', [a])], true).text);
    const again = editKnownHosts(
      readFileSync(file, 'utf8'),
      [host('[xen1]:2222', [b], true)],
      true,
    );

    expect(readFileSync(file, 'utf8')).toMatch(/^\|1\|/);
    expect(found(file, '[xen1]:2222')).toEqual([a]);
    expect(found(dir.write('hashed2', again.text), '[xen1]:2222')).toEqual([b]);
  });

  test.each(['*', 'a,b', 'a b', '#x', '@revoked', '!x', '|1|x'])(
    'writes a name like %j so that it stands for itself alone',
    (name) => {
      const { text } = editKnownHosts('', [host(name, [a])], false);
      const known = new KnownHosts();
      known.add(text, 'f');

      expect(known.linesOf(name)).toHaveLength(1);
      for (const other of ['a', 'b', 'x', '']) expect(known.linesOf(other)).toEqual([]);
    },
  );

  test('whatever is in the file, a host is known by its new keys after it, and others as before', () => {
    const line = fc.oneof(
      fc.constantFrom('# x', '', 'rubbish', '@revoked'),
      fc
        .tuple(fc.constantFrom('h1', 'h2', 'h1,h2', 'H1,h3'), fc.constantFrom(...texts, rsaText))
        .map(([names, key]) => `${names} ${key}`),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.constantFrom(...texts), (lines, key) => {
        const before = lines.map((one) => `${one}\n`).join('');
        const after = editKnownHosts(before, [host('h1', [key], true)], false);
        const read = (text: string, name: string) => {
          const known = new KnownHosts();
          known.add(text, 'f');
          return known.linesOf(name).map((entry) => entry.key.blob.toString('base64'));
        };

        expect(after.problems).toEqual([]);
        expect([...new Set(read(after.text, 'h1'))]).toEqual([key.split(' ')[1]]);
        expect(read(after.text, 'h2')).toEqual(read(before, 'h2'));
        expect(read(after.text, 'h3')).toEqual(read(before, 'h3'));
      }),
    );
  });
});

describe('pinHostKeys', () => {
  test('makes the file, for its owner alone, and its directory', async () => {
    const file = dir.file('new/known_hosts');

    const { added } = await pinHostKeys(file, [host('xen1', [a])], false);

    expect([added, readFileSync(file, 'utf8')]).toEqual([1, `xen1 ${a}\n`]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir.file('new'))).toEqual(['known_hosts']);
  });

  test('keeps the mode, the link that the file is, and bytes that are no text', async () => {
    const file = dir.write('kept', '');
    spawnSync('sh', ['-c', `printf '# \\377\\n' > "$0"`, file]);
    chmodSync(file, 0o640);
    symlinkSync(file, dir.file('link'));

    await pinHostKeys(dir.file('link'), [host('xen1', [a])], false);

    expect(readFileSync(file, 'latin1')).toBe(`# \xff\nxen1 ${a}\n`);
    expect([statSync(file).mode & 0o777, lstatSync(dir.file('link')).isSymbolicLink()]).toEqual([
      0o640,
      true,
    ]);
  });

  test.skipIf(process.getuid?.() !== 0)('leaves a file to its owner', async () => {
    const file = dir.write('owned', '');
    chownSync(file, 1234, 5678);

    await pinHostKeys(file, [host('xen1', [a])], false);

    const { uid, gid } = statSync(file);
    expect([uid, gid, readFileSync(file, 'utf8')]).toEqual([1234, 5678, `xen1 ${a}\n`]);
  });

  test('waits for who writes by another name of the file', async () => {
    const file = dir.write('shared', '');
    symlinkSync(file, dir.file('shared-link'));
    const names = Array.from({ length: 8 }, (_, index) => `h${index}`);

    await Promise.all(
      names.map((name, index) =>
        pinHostKeys(dir.file(index % 2 === 0 ? 'shared' : 'shared-link'), [host(name, [a])], false),
      ),
    );

    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(8);
  });

  test('loses no line when many write at once', async () => {
    const file = dir.file('many');
    const names = Array.from({ length: 8 }, (_, index) => `h${index}`);

    await Promise.all(names.map((name) => pinHostKeys(file, [host(name, [a])], false)));

    const written = readFileSync(file, 'utf8').trim().split('\n');
    expect(written.map((line) => line.split(' ')[0]).toSorted()).toEqual(names);
  });

  test('puts nothing in the place of what is no file, as /dev/null is none', async () => {
    const fifo = dir.file('fifo');
    spawnSync('mkfifo', [fifo]);

    for (const path of [fifo, dir.path]) {
      await expect(pinHostKeys(path, [host('xen1', [a])], false)).rejects.toMatchObject({
        reason: 'config',
        message: `${path} is no file`,
      });
    }
    expect(statSync(fifo).isFIFO()).toBe(true);
  });

  test('says why a file cannot be written, and leaves nothing behind', async () => {
    const file = dir.file('missing/deeper/known_hosts');

    await expect(pinHostKeys(file, [host('xen1', [a])], false)).rejects.toThrow(/cannot write/);
  });
});
