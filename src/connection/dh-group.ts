import { createPrivateKey, createPublicKey, diffieHellman, randomBytes } from 'node:crypto';
import { derChildren, derInteger, derSequence, derTagged } from './der.ts';

/** Bits that a prime of a server may have (RFC 8270; OpenSSH has the same bounds). */
const leastPrimeBits = 2048;
const mostPrimeBits = 8192;

/**
 * Length of the private exponent: twice a key of 256 bits (RFC 4419, 6.2), as in OpenSSH. One as long as
 * the prime takes 16 times as long and is no safer.
 */
const exponentBytes = 64;

/**
 * Our side of a Diffie-Hellman exchange in a group that the other side has named.
 *
 * The group isn't tested for primality, and need not be: it is signed for by the host's key, and who
 * has that knows the secret anyway. `crypto.createDiffieHellman` does test, and nothing else goes on
 * meanwhile: 0.2 s with 2048 bits, 1.3 s with 3072, 3 s with 4096, 24 s with 8192. Without that, and
 * with a short exponent, both powers together take 1 ms, 2 ms, 4 ms and 30 ms; group18 takes 25 ms. A
 * worker would cost more than it takes off the loop, and ssh2 would have to be held while it waits.
 */
export class DhExchange {
  readonly #group: Buffer;
  readonly #prime: bigint;
  readonly #privateKey: ReturnType<typeof createPrivateKey>;
  /** Without leading zeros. */
  readonly publicValue: Buffer;

  /**
   * @param prime positive, as an `mpint` (RFC 4251, 5)
   * @param generator the same
   * Throws an `Error` that says why when this is no group to exchange keys in.
   */
  constructor(prime: Buffer, generator: Buffer) {
    const refusal = refusalOfGroup(prime, generator);
    if (refusal !== null) throw new Error(refusal);
    this.#prime = toBigInt(prime);
    this.#group = derSequence(dhOid, derSequence(derInteger(prime), derInteger(generator)));
    const exponent = randomBytes(exponentBytes);
    this.#privateKey = createPrivateKey({
      key: derSequence(
        derInteger(Buffer.alloc(1)),
        this.#group,
        derTagged(octetString, derInteger(exponent)),
      ),
      ...{ format: 'der', type: 'pkcs8' },
    });
    this.publicValue = publicValueOf(this.#privateKey);
  }

  /**
   * @param theirs the other side's public value, an `mpint`
   * Gives the secret, as long as the prime or shorter. Throws an `Error` that says why when the value
   * would make the secret one that anybody knows (RFC 4253, 8).
   */
  secretWith(theirs: Buffer): Buffer {
    if (!isBetween(theirs, this.#prime)) throw new Error('the public value is out of range');
    const publicKey = createPublicKey({
      key: derSequence(
        this.#group,
        derTagged(bitString, Buffer.concat([Buffer.alloc(1), derInteger(theirs)])),
      ),
      ...{ format: 'der', type: 'spki' },
    });
    return diffieHellman({ privateKey: this.#privateKey, publicKey });
  }
}

const octetString = 0x04;
const bitString = 0x03;

/** `dhKeyAgreement` of PKCS #3, 1.2.840.113549.1.3.1. */
const dhOid = Buffer.from('06092a864886f70d010301', 'hex');

function refusalOfGroup(prime: Buffer, generator: Buffer): string | null {
  if (prime.length > mostPrimeBits / 8 + 1) return `the prime has more than ${mostPrimeBits} bits`;
  if (isNegative(prime)) return 'the prime is negative';
  const value = toBigInt(prime);
  const bits = value === 0n ? 0 : value.toString(2).length;
  if (bits < leastPrimeBits) return `the prime has ${bits} bits, ${leastPrimeBits} are the least`;
  if (bits > mostPrimeBits) return `the prime has ${bits} bits, ${mostPrimeBits} are the most`;
  if (value % 2n === 0n) return 'the prime is even';
  if (!isBetween(generator, value)) return 'the generator is out of range';
  return null;
}

/** Whether an `mpint` is from 2 to the prime less 2. */
function isBetween(mpint: Buffer, prime: bigint): boolean {
  if (mpint.length > mostPrimeBits / 8 + 1 || isNegative(mpint)) return false;
  const value = toBigInt(mpint);
  return value > 1n && value < prime - 1n;
}

function isNegative(mpint: Buffer): boolean {
  return ((mpint[0] ?? 0) & 0x80) !== 0;
}

function toBigInt(bytes: Buffer): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString('hex')}`);
}

/** Of a `SubjectPublicKeyInfo` (RFC 5280, 4.1): the integer in its bit string. */
function publicValueOf(privateKey: ReturnType<typeof createPrivateKey>): Buffer {
  const info = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const [whole = Buffer.alloc(0)] = derChildren(info);
  const [, bits = Buffer.alloc(0)] = derChildren(whole);
  const [integer = Buffer.alloc(0)] = derChildren(bits.subarray(1));
  return integer[0] === 0 ? integer.subarray(1) : integer;
}
