import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isResumable, resumeCommand } from '../../src/cli/resume-command.ts';
import { shownArguments } from '../../src/cli/shown-arguments.ts';

describe('resumeCommand', () => {
  test.each([
    [['apply', 'fleet.yaml'], 'xpush apply fleet.yaml --retry last'],
    [
      ['apply', 'fleet.yaml', '--retry', '20261122T230501Z-3f9a2c', '-f', '8'],
      'xpush apply fleet.yaml -f 8 --retry last',
    ],
    [['apply', 'fleet.yaml', '--retry=last'], 'xpush apply fleet.yaml --retry last'],
    [
      ['apply', "the boss's.yaml", '-l', 'a,!b'],
      "xpush apply 'the boss'\\''s.yaml' -l 'a,!b' --retry last",
    ],
    [['apply', '--', '-odd.yaml'], 'xpush apply --retry last -- -odd.yaml'],
  ])('%j', (argv, line) => {
    expect(resumeCommand(argv)).toBe(line);
  });

  test.each([
    [['-e', 'port=80', '-e', '@v.yaml'], `-e port="\${given_port:?}" -e @v.yaml`],
    [['--extra-vars=a=b=c', '-D'], `--extra-vars=a="\${given_a:?}" -D`],
    [['-De', '{"pw": "x"}'], `-De "\${given_vars:?}"`],
    [['-e=a=b'], `-e=a="\${given_a:?}"`],
  ])('of %j shows no value, and a shell wants them', (options, line) => {
    const whole = resumeCommand(['apply', 'f.yaml', ...options]);

    expect(whole).toBe(`xpush apply f.yaml ${line} --retry last`);
    expect(resumeCommand(shownArguments(['apply', 'f.yaml', ...options]))).toBe(whole);
    expect(isResumable(shownArguments(options))).toBe(true);
    const command = whole.replace(/^xpush/, "printf '%s\\n'");
    expect(spawnSync('sh', ['-c', command], { encoding: 'utf8' })).toMatchObject({
      stdout: '',
      stderr: expect.stringMatching(/given_\w+: parameter/),
    });
    const env = { given_port: '1 2', given_a: "'", given_vars: '{}' };
    expect(spawnSync('sh', ['-c', command], { encoding: 'utf8', env })).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/=1 2\n|=a='\n|^\{\}$/m),
    });
  });

  test('nobody goes on with what was hidden elsewhere', () => {
    expect(isResumable(['apply', 'f.yaml', '-l', 'db'])).toBe(true);
    expect(isResumable(['apply', 'f.yaml', '--token', '***'])).toBe(false);
  });

  test('a shell reads every word as it was', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' }).filter((word) => !/\0|^--|^-\w*e/.test(word))),
        (words) => {
          const line = resumeCommand(words).replace(/^xpush/, "printf '%s\\0'");
          const { stdout } = spawnSync('sh', ['-c', line], { encoding: 'utf8' });
          expect(stdout.split('\0').slice(0, -1)).toEqual([...words, '--retry', 'last']);
        },
      ),
      { numRuns: 50 },
    );
  });
});
