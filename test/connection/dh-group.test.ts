import { createDiffieHellmanGroup } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { derChildren, derInteger, derSequence, derTagged } from '../../src/connection/der.ts';
import { DhExchange } from '../../src/connection/dh-group.ts';

const two = Buffer.of(2);
const modp14 = createDiffieHellmanGroup('modp14').getPrime();

function mpint(value: bigint): Buffer {
  const digits = value.toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
}

const prime = BigInt(`0x${modp14.toString('hex')}`);

describe('DhExchange', () => {
  test.each(['modp14', 'modp15', 'modp16', 'modp18'])('agrees with OpenSSL in %s', (name) => {
    const theirs = createDiffieHellmanGroup(name);
    const theirValue = theirs.generateKeys();
    const group = [mpint(BigInt(`0x${theirs.getPrime('hex')}`)), theirs.getGenerator()] as const;

    for (let round = 0; round < 5; round += 1) {
      const ours = new DhExchange(...group);
      const secret = ours.secretWith(mpint(BigInt(`0x${theirValue.toString('hex')}`)));

      expect(ours.publicValue[0]).not.toBe(0);
      expect(BigInt(`0x${secret.toString('hex')}`)).toBe(
        BigInt(`0x${theirs.computeSecret(ours.publicValue, null, 'hex')}`),
      );
    }
  });

  test('has another exponent each time', () => {
    const values = Array.from({ length: 5 }, () =>
      new DhExchange(mpint(prime), two).publicValue.toString('hex'),
    );

    expect(new Set(values).size).toBe(5);
  });

  test.each([
    ['nothing', Buffer.alloc(0), 'the prime has 0 bits, 2048 are the least'],
    ['0', Buffer.of(0), 'the prime has 0 bits, 2048 are the least'],
    ['1', Buffer.of(1), 'the prime has 1 bits, 2048 are the least'],
    ['one of 2047 bits', mpint(2n ** 2046n + 1n), 'the prime has 2047 bits, 2048 are the least'],
    ['one of 8193 bits', mpint(2n ** 8192n + 1n), 'the prime has 8193 bits, 8192 are the most'],
    ['one of 30 kB', Buffer.alloc(30_000, 0x7f), 'the prime has more than 8192 bits'],
    ['zeros without end', Buffer.alloc(30_000), 'the prime has more than 8192 bits'],
    ['an even one', mpint(prime - 1n), 'the prime is even'],
    ['a negative one', modp14, 'the prime is negative'],
  ])('refuses for a prime: %s', (_, hostile, refusal) => {
    expect(() => new DhExchange(hostile, two)).toThrow(refusal);
  });

  const outOfRange = [
    ['nothing', Buffer.alloc(0)],
    ['0', Buffer.of(0)],
    ['1', Buffer.of(1)],
    ['the prime less 1', mpint(prime - 1n)],
    ['the prime', mpint(prime)],
    ['the prime and 2', mpint(prime + 2n)],
    ['a negative one', mpint(prime / 2n).fill(0xff, 0, 1)],
    ['30 kB', Buffer.alloc(30_000, 0x7f)],
  ] as const;

  test.each(outOfRange)('refuses for a generator: %s', (_, hostile) => {
    expect(() => new DhExchange(mpint(prime), hostile)).toThrow('the generator is out of range');
  });

  test.each(outOfRange)('refuses for a public value: %s', (_, hostile) => {
    const ours = new DhExchange(mpint(prime), two);

    expect(() => ours.secretWith(hostile)).toThrow('the public value is out of range');
  });

  test('takes 2, and the prime less 2', () => {
    const ours = new DhExchange(mpint(prime), mpint(prime - 2n));

    expect(ours.secretWith(two).length).toBeLessThanOrEqual(256);
    expect(ours.secretWith(mpint(prime - 2n)).length).toBeLessThanOrEqual(256);
  });

  test('takes any odd modulus for a prime: who names it is trusted by his host key', () => {
    const composite = 3n * 5n ** 900n;
    const ours = new DhExchange(mpint(composite), two);

    expect(ours.secretWith(two)).toBeInstanceOf(Buffer);
  });
});

describe('derChildren', () => {
  test('gives back what was put in, however long', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc
            .tuple(fc.uint8Array({ maxLength: 8 }), fc.constantFrom(1, 20, 60, 200))
            .map(([bytes, times]) => Buffer.concat(Array(times).fill(bytes))),
          { maxLength: 6 },
        ),
        (contents) => {
          const sequence = derSequence(...contents.map((bytes) => derTagged(0x04, bytes)));

          expect(derChildren(sequence).flatMap((inner) => derChildren(inner))).toEqual(contents);
        },
      ),
    );
  });
});

describe('derInteger', () => {
  test('is positive and as short as can be', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 2100n }), fc.nat(3), (value, zeros) => {
        const digits = value.toString(16);
        const padded = digits.padStart(digits.length + (digits.length % 2) + 2 * zeros, '0');

        const [content] = derChildren(derInteger(Buffer.from(padded, 'hex')));

        expect(content).toEqual(mpint(value));
      }),
    );
  });
});
