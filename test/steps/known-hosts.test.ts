import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { knownHosts } from '../../src/steps/known-hosts.ts';
import { complaints, edited } from './edited.ts';

const path = '/etc/ssh/ssh_known_hosts';
const edit = (params: object, text: string | null) => edited(knownHosts, params, path, text);

/** Keys of ssh-keygen's own. */
const [one, two, rsa] = ['ed25519', 'ed25519', 'rsa'].map((type) => {
  const directory = mkdtempSync(join(tmpdir(), 'xpush-known-'));
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', join(directory, 'key'), '-C', '']);
  const key = readFileSync(join(directory, 'key.pub'), 'utf8').trim();
  rmSync(directory, { recursive: true });
  return key;
}) as [string, string, string];

/** Whether ssh-keygen finds the host in such a file. */
function finds(text: string, name: string): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'xpush-known-'));
  writeFileSync(join(directory, 'known'), text);
  try {
    execFileSync('ssh-keygen', ['-F', name, '-f', join(directory, 'known')], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe('known_hosts', () => {
  test.each<[string, object, string | null, string | null]>([
    ['makes the file', { name: 'a', key: one }, null, `a ${one}\n`],
    ['takes a line of ssh-keyscan', { name: 'a', key: `a ${one}\n` }, '', `a ${one}\n`],
    ['has a port', { name: 'a', port: 2222, key: one }, '', `[a]:2222 ${one}\n`],
    ['finds it', { name: 'A', key: one }, `b,a ${one} comment\n`, null],
    ['replaces a key of its type', { name: 'a', key: two }, `a ${one}\n`, `a ${two}\n`],
    ['keeps other types', { name: 'a', key: two }, `a ${rsa}\n`, `a ${rsa}\na ${two}\n`],
    [
      'keeps other hosts of a line',
      { name: 'a', key: two },
      `a,b ${one}\n`,
      `b ${one}\na ${two}\n`,
    ],
    [
      'keeps revocations',
      { name: 'a', key: two },
      `@revoked a ${one}\n`,
      `@revoked a ${one}\na ${two}\n`,
    ],
    ['takes a host out', { name: 'a', state: 'absent' }, `a ${one}\nb ${one}\n`, `b ${one}\n`],
    [
      'takes a key out',
      { name: 'a', state: 'absent', key: one },
      `a ${one}\na ${rsa}\n`,
      `a ${rsa}\n`,
    ],
  ])('%s', (_, params, text, expected) => {
    expect(edit(params, text)).toMatchObject({ text: expected, isSettled: true, refusal: null });
  });

  test('ssh-keygen finds what is hashed, and what it hashed is found', () => {
    const { text, isSettled } = edit({ name: 'a', port: 2222, key: one, hash_host: true }, '');

    expect(isSettled).toBe(true);
    expect(text).toMatch(/^\|1\|/);
    expect(finds(text ?? '', '[a]:2222')).toBe(true);
    expect(finds(text ?? '', 'a')).toBe(false);

    const directory = mkdtempSync(join(tmpdir(), 'xpush-known-'));
    writeFileSync(join(directory, 'known'), `a ${one}\n`);
    execFileSync('ssh-keygen', ['-H', '-f', join(directory, 'known')], { stdio: 'pipe' });
    const hashed = readFileSync(join(directory, 'known'), 'utf8');
    rmSync(directory, { recursive: true });
    expect(edit({ name: 'a', key: one }, hashed).text).toBe(null);
    expect(edit({ name: 'a', state: 'absent' }, hashed).text).toBe('');
  });

  test.each<[object, RegExp]>([
    [{ name: 'a' }, /a "key" is needed/],
    [{ name: 'a', key: 'ssh-ed25519 AAAA' }, /not the key/],
    [{ name: 'a', key: `ssh-rsa ${one.split(' ')[1]}` }, /not the key/],
    [{ name: 'a b', key: one }, /not the name/],
    [{ name: 'a', key: one, port: 0 }, /1 to 65535/],
  ])('refuses %j', (params, message) => {
    expect(complaints(knownHosts, params).join('\n')).toMatch(message);
  });
});
