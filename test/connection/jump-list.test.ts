import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJumpList } from '../../src/connection/jump-list.ts';
import { runs } from '../runs.ts';

fc.configureGlobal({ numRuns: runs() });

describe('parseJumpList', () => {
  test.each([
    ['h', [{ host: 'h', user: null, port: null }]],
    ['u@h:22', [{ host: 'h', user: 'u', port: 22 }]],
    ['a@b@c:2', [{ host: 'c', user: 'a@b', port: 2 }]],
    ['h:', [{ host: 'h', user: null, port: null }]],
    ['[fe80::1]:33', [{ host: 'fe80::1', user: null, port: 33 }]],
    ['ssh://u@h:22/', [{ host: 'h', user: 'u', port: 22 }]],
    [
      'a,b:1',
      [
        { host: 'a', user: null, port: null },
        { host: 'b', user: null, port: 1 },
      ],
    ],
  ])('reads %j', (text, expected) => {
    expect(parseJumpList(text)).toEqual(expected);
  });

  test.each(['', 'a,', ',a', 'a,,b', '@h', 'h:x', 'h:0', 'h:65536', 'fe80::1', '-x', 'a b'])(
    'refuses %j',
    (text) => {
      expect(() => parseJumpList(text)).toThrow('is no hop of a ProxyJump');
    },
  );

  test('reads or refuses any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          for (const { host } of parseJumpList(text)) expect(host).toMatch(/^[^-\s@,][^\s@,]*$/);
        } catch (error) {
          expect(error).toMatchObject({ reason: 'config' });
        }
      }),
    );
  });
});
