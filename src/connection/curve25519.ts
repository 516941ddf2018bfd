import { createPrivateKey, createPublicKey, diffieHellman, randomBytes } from 'node:crypto';

const x25519 = { kty: 'OKP', crv: 'X25519' } as const;

/** Stands for the public value of a private key that is read: OpenSSL computes it anew. */
const anyValue = Buffer.alloc(32).toString('base64url');

/**
 * Our side of an exchange on Curve25519 (RFC 8731). Keys go into and come out of OpenSSL as JWK: by DER, a
 * host costs 0.2 ms more, as its decoders are looked up anew for each key. A private key is any 32 bytes
 * (RFC 7748, 5), and none of `generateKeyPairSync`: while such a key is exported as JWK, node 20 waits for
 * itself for ever when what made the key is collected just then.
 */
export class Curve25519 {
  readonly #privateKey = createPrivateKey({
    key: { ...x25519, x: anyValue, d: randomBytes(32).toString('base64url') },
    format: 'jwk',
  });
  readonly publicValue: Buffer;

  constructor() {
    const { x = '' } = this.#privateKey.export({ format: 'jwk' });
    this.publicValue = Buffer.from(x, 'base64url');
  }

  /** 32 bytes. Throws when the other side's value is none, or is one that makes a secret of zeros. */
  secretWith(theirs: Buffer): Buffer {
    const x = theirs.toString('base64url');
    const publicKey = createPublicKey({ key: { ...x25519, x }, format: 'jwk' });
    return diffieHellman({ privateKey: this.#privateKey, publicKey });
  }
}
