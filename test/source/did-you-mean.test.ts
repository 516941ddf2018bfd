import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { didYouMean, nearest } from '../../src/source/did-you-mean.ts';
import { runs } from '../runs.ts';

const KEYS = ['address', 'uplink', 'ssh', 'vars', 'ip', 'ips', 'network_config', 'domU', 'dom0'];

describe('nearest', () => {
  test.each([
    ['adress', 'address', 'a letter is missing'],
    ['adddress', 'address', 'a letter too many'],
    ['upilnk', 'uplink', 'two letters are swapped'],
    ['sssh', 'ssh', 'a short word with one slip'],
    ['networkconfig', 'network_config', 'a missing underscore'],
    ['network-config', 'network_config', 'a hyphen'],
    ['DOMU', 'domU', 'another case'],
    ['net', 'network_config', 'a beginning'],
  ])('%s means %s: %s', (word, meant) => {
    expect(nearest(word, KEYS)).toBe(meant);
  });

  test.each(['colour', 'x', '', 'ssx0', 'x'.repeat(10_000)])('%s means nothing', (word) => {
    expect(nearest(word, ['address', 'uplink', 'ssh', 'vars'])).toBeNull();
  });

  test('a word is never its own correction', () => {
    expect(nearest('ip', ['ip'])).toBeNull();
  });

  test('any swap of two neighbours in a longer word is found', () => {
    const word = 'legacy_algorithms';
    fc.assert(
      fc.property(fc.integer({ min: 0, max: word.length - 2 }), (at) => {
        const swapped = `${word.slice(0, at)}${word[at + 1]}${word[at]}${word.slice(at + 2)}`;
        fc.pre(swapped !== word);

        expect(nearest(swapped, [...KEYS, word])).toBe(word);
      }),
      { numRuns: runs() },
    );
  });
});

describe('didYouMean', () => {
  test('is a question that names the candidate', () => {
    expect(didYouMean('adress', KEYS)).toBe('did you mean "address"?');
  });

  test('is null when nothing is near', () => {
    expect(didYouMean('colour', KEYS)).toBeNull();
  });
});
