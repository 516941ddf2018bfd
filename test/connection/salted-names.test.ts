import { createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SaltedNames } from '../../src/connection/salted-names.ts';
import { runs } from '../runs.ts';

const hashOf = (name: string, salt: Buffer) => createHmac('sha1', salt).update(name).digest();

describe('SaltedNames', () => {
  test('finds a name wherever HMAC-SHA1 under the salt is its hash', () => {
    // Longer ones have several blocks; 55 bytes are the most that one block takes.
    const name = fc.oneof(
      fc.string({ maxLength: 8 }),
      fc.string({ unit: 'binary', minLength: 40, maxLength: 200 }),
    );
    const step = fc.record({ name, isAsked: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const names = new SaltedNames<number>();
        for (const [index, { name: added, isAsked }] of steps.entries()) {
          const salt = randomBytes(20);
          names.add(salt, hashOf(added, salt), index);
          const expected = steps
            .slice(0, index + 1)
            .flatMap((other, at) => (other.name === added ? [at] : []));
          if (isAsked) expect(names.find(added)).toEqual(expected);
        }
        for (const { name: asked } of steps) {
          const expected = steps.flatMap((other, at) => (other.name === asked ? [at] : []));
          expect(names.find(asked)).toEqual(expected);
        }
      }),
      { numRuns: runs() },
    );
  });

  test('finds no other name, nor one of which a bit is another', () => {
    const names = new SaltedNames<string>();
    const salt = randomBytes(20);
    const hash = hashOf('host', salt);
    for (let bit = 0; bit < 160; bit += 1) {
      const other = Buffer.from(hash);
      other[bit >> 3]! ^= 1 << (bit & 7);
      names.add(salt, other, `bit ${bit}`);
    }
    names.add(salt, hash, 'right');

    expect(names.find('host')).toEqual(['right']);
    expect(names.find('Host')).toEqual([]);
    expect(names.find('')).toEqual([]);
  });

  test('passes over salts and hashes of another length', () => {
    const names = new SaltedNames<string>();
    for (const length of [0, 19, 21, 64]) {
      const salt = randomBytes(length);
      names.add(salt, hashOf('host', salt), 'salt');
    }
    const salt = randomBytes(20);
    names.add(salt, hashOf('host', salt).subarray(0, 19), 'hash');

    expect(names.find('host')).toEqual([]);
  });
});
