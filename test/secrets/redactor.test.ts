import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Redactor } from '../../src/secrets/redactor.ts';
import { withoutNoise } from '../../src/secrets/squeeze.ts';
import { cutMark } from '../../src/source/secret.ts';
import { runs } from '../runs.ts';

function redactorOf(...values: readonly string[]): Redactor {
  const redactor = new Redactor();
  for (const value of values) redactor.add(value);
  return redactor;
}

const odd = `s3cr3t "it's" & <é>/+ $x\\`;
const secret = fc.string({ unit: 'grapheme', minLength: 4, maxLength: 40 }).filter((value) => {
  return withoutNoise(value).length >= 4 && !value.includes('*');
});

/** What programs print of a value, by the real programs. */
const shown: Readonly<Record<string, (value: string) => string>> = {
  'as it is': (value) => value,
  'by printf %q of bash': (value) => bash('printf %q "$X"', value),
  'by set -x of bash': (value) => bash('set -x; : "$X"', value),
  'by set -x of dash': (value) => run('dash', ['-c', 'set -x; : "$X"'], value),
  'by declare -p': (value) => bash('declare -p X', value),
  'by base64': (value) => bash('printf %s "$X" | base64', value),
  'by base64, after other text': (value) => bash('printf "user:%s\\n" "$X" | base64', value),
  'by base64, after more text': (value) => bash('printf "us:%s..." "$X" | base64 -w 20', value),
  'by base64, in lines': (value) => bash('printf "u:%s:x" "$X" | base64 -w 3', value),
  'by od and xxd': (value) => bash('printf %s "$X" | od -An -v -tx1 | tr -d " \\n"', value),
  'by JSON.stringify': (value) => JSON.stringify({ password: value }),
  'by encodeURIComponent': (value) => `http://u:${encodeURIComponent(value)}@h/`,
  'by URLSearchParams': (value) => new URLSearchParams({ a: value }).toString(),
  'by json.dumps': (value) => python('import json; print(json.dumps(x))', value),
  'by repr': (value) => python('print(repr(x))', value),
  'by html.escape': (value) => python('import html; print(html.escape(x))', value),
  'by urllib': (value) =>
    python('import urllib.parse as u; print(u.quote(x), u.quote_plus(x))', value),
};

function run(program: string, args: readonly string[], value: string): string {
  const command = ['-c', 'exec "$@" 2>&1', 'sh', program, ...args];
  return execFileSync('sh', command, {
    env: { ...process.env, X: value, LC_ALL: 'C.UTF-8' },
  }).toString();
}
const bash = (line: string, value: string) => run('bash', ['-c', line], value);
const python = (line: string, value: string) =>
  run('python3', ['-c', `import os; x = os.environ['X']\n${line}`], value);

describe('Redactor', () => {
  test.each(Object.entries(shown))('takes a value out as it is shown %s', (_how, show) => {
    for (const value of [odd, 'hunter2-ABCdef', 'a b  c;d|e&f', 'pässwörd/1']) {
      const text = show(value);

      const clean = redactorOf(value).redact(text);

      expect(clean).toContain('***');
      for (const part of value.match(/[A-Za-z0-9]{4,}/g) ?? []) expect(clean).not.toContain(part);
    }
  });

  test('leaves nothing of any value in any text around it', () => {
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (value, before, after) => {
        const redactor = redactorOf(value);
        const bare = value.trim();
        const texts = [
          `${before}${value}${after}`,
          JSON.stringify({ [before]: value }),
          `${before}\n${value}\n${after}`,
        ];

        for (const text of texts) {
          expect(redactor.redact(text)).toContain('***');
          expect(redactor.redact(text)).not.toContain(bare);
        }
      }),
      { numRuns: runs() },
    );
  });

  test('knows the base64 of a value wherever it begins, and takes the bits beside it', () => {
    fc.assert(
      fc.property(
        secret,
        fc.uint8Array({ maxLength: 8 }),
        fc.uint8Array(),
        (value, left, right) => {
          const bytes = Buffer.concat([left, Buffer.from(value.trim()), right]);
          for (const coding of ['base64', 'base64url'] as const) {
            const clean = redactorOf(value).redact(`>${bytes.toString(coding)}<`);

            expect(clean).toContain('***');
            const kept = clean.replace(/[*<>]+/g, '').length;
            expect(kept).toBeLessThanOrEqual(
              Math.ceil((left.length * 4) / 3) + Math.ceil((right.length * 4) / 3) + 4,
            );
          }
        },
      ),
      { numRuns: runs() },
    );
  });

  test('takes out values that overlap, lie in each other or follow each other', () => {
    expect(redactorOf('abcdef', 'defghi').redact('x abcdefghi y')).toBe('x *** y');
    expect(redactorOf('abcd', 'abcdefgh').redact('abcdefgh abcd')).toBe('*** ***');
    expect(redactorOf('abcdabcd').redact('abcdabcdabcdabcd!')).toBe('***!');
  });

  test('takes out the lines of a value of several, each by itself', () => {
    const key = '-----BEGIN KEY-----\nMIIEowIBAAKCAQEA\nab\nQyBmb28gYmFyIGJh\n-----END KEY-----\n';

    const clean = redactorOf(key).redact(`| ${key.split('\n').join('\n| ')}ab`);

    expect(clean).toBe('| ***\n| ***\n| ab\n| ***\n| ***\n| ab');
  });

  test('takes out the beginning of a value at the end of an output that was cut', () => {
    for (const [value, shown, end] of [
      ['hunter2', 'hunte', ''],
      ['pässwörd/1', 'pässw', ''],
      ['a b  c;d|e&f', 'a\\ b\\ \\ c\\;', ''],
      ['hunter2-hunter3', Buffer.from('hunter2-hunter3').toString('base64').slice(0, 13), ''],
      ['hunter2-hunter3', 'aHVudG\nVyMi1o', ''],
      ['hunter2', 'hunte', '\nrolled back: the host is as before'],
    ] as const) {
      const clean = redactorOf(value).redact(`é x${shown}${cutMark}${end}`);

      expect(clean).toBe(`é x***${cutMark}${end}`);
    }
    expect(redactorOf('hunter2').redact('a hunte')).toBe('a hunte');
    expect(redactorOf('hunter2').redact(`a hun${cutMark}`)).toBe(`a hun${cutMark}`);
  });

  test('leaves a text alone that shows no value, and values that are too short', () => {
    const text = 'nothing\nto see: \u{1f600} abc';

    expect(redactorOf().redact(text)).toBe(text);
    expect(redactorOf('abc', '', ' \n', 'secret').redact(text)).toBe(text);
    expect(redactorOf('secret').finds(text)).toBe(false);
  });

  test('is quick with a hundred values and long outputs', () => {
    const redactor = redactorOf(
      ...Array.from({ length: 100 }, (_, index) => `password-${index}-xyz`),
    );
    const text = 'an ordinary line of output\n'.repeat(2_400);

    const start = performance.now();
    expect(redactor.redact(text)).toBe(text);
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
