import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAlgorithmList } from '../../src/connection/algorithm-list.ts';
import { matchesPattern } from '../../src/connection/pattern.ts';
import { runs } from '../runs.ts';
import { TempDir } from './sshd.ts';

let dir: TempDir;

beforeAll(() => {
  dir = new TempDir();
});

afterAll(() => dir[Symbol.dispose]());

const supported = (what: string): readonly string[] =>
  execFileSync('ssh', ['-Q', what], { encoding: 'utf8' }).trim().split('\n');

/** What `ssh -G` makes of one line of configuration; null when it refuses it. */
function sshSays(keyword: string, value: string | null): readonly string[] | null {
  const file = dir.write('config', value === null ? '' : `${keyword} ${value}\n`);
  const { status, stdout } = spawnSync('ssh', ['-G', '-F', file, 'h'], { encoding: 'utf8' });
  if (status !== 0) return null;
  const line = new RegExp(`^${keyword} (.*)$`, 'im').exec(stdout);
  return line?.[1] === undefined || line[1] === '' ? [] : line[1].split(',');
}

describe('readAlgorithmList', () => {
  test.each([
    // Names only, but for what is taken away.
    ['KexAlgorithms', 'kex', false],
    ['Ciphers', 'cipher', false],
    ['MACs', 'mac', false],
    ['HostKeyAlgorithms', 'HostKeyAlgorithms', true],
    ['PubkeyAcceptedAlgorithms', 'PubkeyAcceptedAlgorithms', true],
  ])('makes of %s what ssh makes of it', (keyword, what, mayHavePatterns) => {
    const usual = sshSays(keyword, null) ?? [];
    const spoken = supported(what);
    const name = fc.constantFrom(...spoken);
    const pattern = fc.oneof(
      name,
      fc.constantFrom('*', '*sha1*', '*-sha2-*', 'aes*', '*@openssh.com', '?sh*', 'nothing*'),
    );
    const names = (element: fc.Arbitrary<string>) =>
      fc.array(element, { minLength: 1, maxLength: 4 }).map((list) => list.join(','));
    const list = fc.oneof(
      fc
        .tuple(fc.constantFrom('', '+', '^'), names(mayHavePatterns ? pattern : name))
        .map((parts) => parts.join('')),
      names(pattern).map((text) => `-${text}`),
    );

    fc.assert(
      fc.property(list, (text) => {
        const theirs = sshSays(keyword, text);
        const ours = readAlgorithmList(text, usual, spoken);
        const isKnown = text
          .replace(/^[+^]/, '')
          .split(',')
          .every((each) => spoken.some((known) => matchesPattern(each, known)));
        // ssh knows all names there are, and refuses others; here they are left out.
        if (text.startsWith('-') || isKnown) expect(ours).toEqual(theirs);
        else expect(theirs).toBeNull();
      }),
      { numRuns: Math.ceil(runs() / 4) },
    );
  });

  test.each(['!aes*', 'a,,b', '', '+'])('refuses %j', (text) => {
    expect(readAlgorithmList(text, ['a'], ['a', 'b'])).toBeNull();
  });
});
