import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPlainText, QuoteError, quote, quoteAll } from '../../src/host/quote.ts';
import { runs } from '../runs.ts';
import { fullPath, type Shell, shells, temporaryDirectory } from './shells.ts';

const directory = temporaryDirectory();

/** Words of whole characters: letters, everything that a shell minds, and any Unicode. */
const word = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom(...'\'"\\$`!*?[]{}()<>|&;#~=%-+@/ \t\n\r\x01\x7f\x1b'),
      fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 1 }),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    ),
    maxLength: 255,
  })
  .filter((text) => !text.includes('\0'));

/** The plainest of all; hosts do not have it as sh. */
const posh: Shell = { name: 'posh', argv: ['/bin/posh'], path: fullPath, isBusybox: false };

describe.each([...shells, posh])('quote ($name)', (shell) => {
  const argvOf = (words: string) => {
    const output = execFileSync(shell.argv[0], shell.argv.slice(1), {
      input: `env printf '%s\\0' ${words}\n`,
      env: { PATH: shell.path },
      cwd: directory,
      maxBuffer: 2 ** 26,
    });
    return output.toString('latin1').split('\0').slice(0, -1);
  };

  test('any words arrive as they are, one argument each', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 30 }), (words) => {
        const program = quoteAll(words);

        expect(program).toMatch(/^\p{ASCII}*$/u);
        expect(argvOf(program)).toEqual(words.map((one) => Buffer.from(one).toString('latin1')));
      }),
      { numRuns: runs(60) },
    );
  });

  test.each([
    ['nothing', ''],
    ['a leading dash', '-n'],
    ['newlines at the end', 'a\n\n'],
    ['only a newline', '\n'],
    ['a quote', "'"],
    ['substitutions', '$(touch a) `touch b` $IFS'],
    ['what dash 0.5.12 corrupts in here-documents', 'Eté\nEO\xe9'],
    ['characters of four bytes', '🐘-🐘'],
    ['a percent sign between accents', 'é%sé\\061é'],
    ['every character from 1 to 255', String.fromCharCode(...Array(255).keys()).slice(1)],
  ])('%s arrives', (_what, text) => {
    expect(argvOf(quote(text))).toEqual([Buffer.from(text).toString('latin1')]);
  });
});

test('quote refuses what no word can hold', () => {
  expect(() => quote('a\0b')).toThrow(QuoteError);
  expect(() => quote('\ud800')).toThrow(QuoteError);
});

test('isPlainText is true of printable ASCII, tabs and newlines alone', () => {
  expect(isPlainText('auto eth0\n\tiface ~\n')).toBe(true);
  expect(['\r', '\x00', '\x7f', 'é', '\x1b'].some(isPlainText)).toBe(false);
});
