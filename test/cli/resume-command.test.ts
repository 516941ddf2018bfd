import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { resumeCommand } from '../../src/cli/resume-command.ts';

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

  test('a shell reads every word as it was', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' }).filter((word) => !/\0|^--/.test(word))),
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
