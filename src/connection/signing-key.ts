import { type KeyObject, sign } from 'node:crypto';
import { plainType } from './key-types.ts';
import type { PublicKey } from './public-key.ts';
import { wireString } from './ssh-wire.ts';

/** A key or a certificate to log in with, and what signs for it. */
export interface SigningKey {
  /** What is sent: of a certificate, all of it. */
  readonly publicKey: PublicKey;
  /**
   * A whole signature (RFC 4253, 6.6: the algorithm, then the rest). `algorithm` is that of the
   * request: `ssh-ed25519`, `rsa-sha2-512`, `ssh-ed25519-cert-v01@openssh.com`, ... Throws an `Error`.
   */
  sign(data: Buffer, algorithm: string): Buffer | Promise<Buffer>;
}

/** The hash of each signature algorithm (RFC 8709, 5656, 8332); null where it is the algorithm's own matter. */
const hashes: Readonly<Record<string, string | null>> = {
  'ssh-ed25519': null,
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
  'rsa-sha2-256': 'sha256',
  'rsa-sha2-512': 'sha512',
  'ssh-rsa': 'sha1',
};

/** A whole signature by a private key. `algorithm` may be a certificate's. Throws for one that is not the key's. */
export function signByKey(key: KeyObject, data: Buffer, algorithm: string): Buffer {
  const plain = plainType(algorithm);
  const hash = Object.hasOwn(hashes, plain) ? hashes[plain] : undefined;
  if (hash === undefined) throw new Error(`${algorithm} is no way to sign`);
  const signature = plain.startsWith('ecdsa-')
    ? twoIntegers(sign(hash, data, { key, dsaEncoding: 'ieee-p1363' }))
    : sign(hash, data, key);
  return Buffer.concat([wireString(plain), wireString(signature)]);
}

/** RFC 5656, 3.1.2: `r` and `s`, of which both halves are given. */
function twoIntegers(halves: Buffer): Buffer {
  const middle = halves.length / 2;
  return Buffer.concat([integer(halves.subarray(0, middle)), integer(halves.subarray(middle))]);
}

/** RFC 4251, 5: an `mpint` that is not negative. */
function integer(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const short = start < 0 ? Buffer.alloc(0) : bytes.subarray(start);
  return wireString((short[0] ?? 0) >= 128 ? Buffer.concat([Buffer.from([0]), short]) : short);
}
