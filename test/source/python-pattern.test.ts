import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPattern, replaced } from '../../src/source/python-pattern.ts';

function found(pattern: string, text: string, flags = ''): readonly (string | null)[] | string {
  const read = readPattern(pattern, flags);
  if ('problem' in read) return read.problem;
  const match = read.expression.exec(text);
  return match === null ? [] : [...match].map((group) => group ?? null);
}

describe('readPattern', () => {
  test.each([
    ['^a.c$', 'axc\n', ['axc']],
    ['a$|b', 'a\n', ['a']],
    ['a\\Z', 'a\n', []],
    ['a.', 'a\r', ['a\r']],
    ['a.', 'a\n', []],
    ['(?s)a.', 'a\n', ['a\n']],
    ['(?m)^b$', 'a\nb\nc', ['b']],
    ['(?m)^b$', 'a\rb\rc', []],
    ['a{,2}', 'aaa', ['aa']],
    ['a{,}', 'aaa', ['aaa']],
    ['[{,2}]+', '2{x', ['2{']],
    ['[]$.]+', 'a]$.', [']$.']],
    ['[^]]', ']a', ['a']],
    ['(?P<n>a)(?P=n)', 'aa', ['aa', 'a']],
    ['(?i)A', 'a', ['a']],
    ['\\a[\\a]', '\x07\x07', ['\x07\x07']],
    ['\\\\z', '\\z', ['\\z']],
    ['(?<=a)b(?<!a)', 'ab', ['b']],
  ] as const)('%j in %j', (pattern, text, groups) => {
    expect(found(pattern, text)).toEqual(groups);
  });

  test('says what is no expression', () => {
    expect(found('(?x) a', '')).toBe('"(?x) a" is no regular expression: Invalid group');
    expect(found('a'.repeat(2001), '')).toMatch(/at most 2000 characters/);
    for (const pattern of ['[]', 'a[]b', '[^]']) expect(found(pattern, 'x')).toMatch(/no end$/);
    for (const pattern of ['\\z', '[\\h]', '\\p{L}', '\\Q']) {
      expect(found(pattern, 'x')).toMatch(/there is no escape \\/);
    }
    expect(found('(?<n>a)', 'a')).toMatch(/is \(\?P<name>\.\.\.\)$/);
  });

  const python = spawnSync('python3', ['--version']).status === 0;

  test.runIf(python)('finds what Python finds, or says why not', () => {
    const atoms = [
      ...[
        'a',
        'b',
        '.',
        '^',
        '$',
        '\\n',
        '\\.',
        '\\d',
        '\\w',
        '\\s',
        '\\b',
        '\\A',
        '\\Z',
        '|',
        '-',
      ],
      ...['[ab]', '[^a]', '[]a]', '[^]a]', '[$^.]', '[{,2}]', '[\\]a]', '[a\\d-]', '\n', '\r', ' '],
      ...['*', '+', '?', '*?', '+?', '??', '{,2}', '{1,}', '{2}', '{,3}?', '{,}', '{', '}', ']'],
      ...[
        '(a)',
        '(?:b|a)',
        '(?P<n>a)',
        '(?=b)',
        '(?!a)',
        '(?<=a)',
        '(?<!b)',
        '(?i)',
        '(?m)',
        '(?s)',
      ],
    ];
    const characters = fc.constantFrom(...'ab\n\r1 -{]\\.Ac');
    const pair = fc.tuple(
      fc
        .array(fc.constantFrom(...atoms), { minLength: 1, maxLength: 6 })
        .map((all) => all.join('')),
      fc.string({ unit: characters, maxLength: 8 }),
    );
    const pairs = fc.sample(pair, 3000);
    const script = `import json, re, sys, warnings
warnings.simplefilter('ignore')
def found(pattern, text):
  try: match = re.search(pattern, text, re.ASCII)
  except re.error: return None
  return [match.group(0), *match.groups()] if match else []
print(json.dumps([found(*pair) for pair in json.load(sys.stdin)]))`;
    const { stdout } = spawnSync('python3', ['-c', script], {
      input: JSON.stringify(pairs),
      encoding: 'utf8',
      maxBuffer: 1e8,
    });
    const theirs: readonly unknown[] = JSON.parse(stdout);
    const both = pairs.map(([pattern, text], index) => {
      const [ours, wanted] = [found(pattern, text), theirs[index]];
      const isSaid = wanted === null || typeof ours === 'string';
      return isSaid ? null : { pattern, text, ours, wanted };
    });
    const compared = both.filter((one) => one !== null);
    expect(compared.length).toBeGreaterThan(1000);
    expect(compared.map(({ ours }) => ours)).toEqual(compared.map(({ wanted }) => wanted));
  });
});

describe('replaced', () => {
  test('has the texts of groups, and letters', () => {
    const text = replaced('\\1-\\g<name>-\\g<12>\\n\\t\\r\\\\x', (group) => `<${group}>`);

    expect(text).toBe('<1>-<name>-<12>\n\t\r\\x');
  });
});
