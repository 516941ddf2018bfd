import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { PublicKey } from './public-key.ts';
import { WireReader } from './ssh-wire.ts';

interface Scheme {
  /** The type of key that signs so. */
  readonly type: string;
  /** Null where it is the algorithm's own matter. */
  readonly hash: string | null;
}

/** RFC 8709, 5656, 8332; SHA-1 is not among them. */
const schemes: Readonly<Record<string, Scheme>> = {
  'ssh-ed25519': { type: 'ssh-ed25519', hash: null },
  'ecdsa-sha2-nistp256': { type: 'ecdsa-sha2-nistp256', hash: 'sha256' },
  'ecdsa-sha2-nistp384': { type: 'ecdsa-sha2-nistp384', hash: 'sha384' },
  'ecdsa-sha2-nistp521': { type: 'ecdsa-sha2-nistp521', hash: 'sha512' },
  'rsa-sha2-512': { type: 'ssh-rsa', hash: 'sha512' },
  'rsa-sha2-256': { type: 'ssh-rsa', hash: 'sha256' },
};

/** Signature algorithms that `verifySignature` knows. */
export const verifiableAlgorithms: readonly string[] = Object.keys(schemes);

/** The curve by the type of key, and the bytes of a coordinate on it. */
const curves: Readonly<Record<string, readonly [string, number]>> = {
  'ecdsa-sha2-nistp256': ['P-256', 32],
  'ecdsa-sha2-nistp384': ['P-384', 48],
  'ecdsa-sha2-nistp521': ['P-521', 66],
};

/** The algorithm of a whole signature (RFC 4253, 6.6). */
export function signatureAlgorithm(signature: Buffer): string {
  return new WireReader(signature).string().toString('latin1');
}

/** Whether a whole signature (RFC 4253, 6.6) of `data` was made by this key, in a way that is safe today. */
export function verifySignature(key: PublicKey, data: Buffer, signature: Buffer): boolean {
  const reader = new WireReader(signature);
  const algorithm = reader.string().toString('latin1');
  const value = reader.string();
  const scheme = Object.hasOwn(schemes, algorithm) ? schemes[algorithm] : undefined;
  if (scheme === undefined || scheme.type !== key.type || !reader.isExact) return false;
  try {
    const object = keyObject(key);
    if (object === null) return false;
    const [, size] = curves[key.type] ?? [];
    return size === undefined
      ? verify(scheme.hash, data, object, value)
      : verify(scheme.hash, data, { key: object, dsaEncoding: 'ieee-p1363' }, halves(value, size));
  } catch {
    // a point that is not on its curve, an integer that is too long
    return false;
  }
}

/** The key as OpenSSL has it; null when it is none that is known. May throw for one that is damaged. */
function keyObject({ type, blob }: PublicKey): KeyObject | null {
  const reader = new WireReader(blob);
  reader.string();
  if (type === 'ssh-ed25519') {
    return fromJwk({ kty: 'OKP', crv: 'Ed25519', x: base64(reader.string()) });
  }
  if (type === 'ssh-rsa') {
    const e = base64(reader.string());
    return fromJwk({ kty: 'RSA', n: base64(unsigned(reader.string())), e });
  }
  const curve = curves[type];
  if (curve === undefined) return null;
  reader.string();
  const point = reader.string();
  const [crv, size] = curve;
  // SEC 1, 2.3.3: uncompressed
  if (point.length !== 1 + 2 * size || point[0] !== 4) return null;
  const [x, y] = [point.subarray(1, 1 + size), point.subarray(1 + size)];
  return fromJwk({ kty: 'EC', crv, x: base64(x), y: base64(y) });
}

function fromJwk(key: Readonly<Record<string, string>>): KeyObject {
  return createPublicKey({ key: { ...key }, format: 'jwk' });
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64url');
}

/** RFC 5656, 3.1.2: two integers, here as two halves of a fixed size. Throws when one does not fit. */
function halves(value: Buffer, size: number): Buffer {
  const reader = new WireReader(value);
  const parts = [unsigned(reader.string()), unsigned(reader.string())];
  if (!reader.isExact || parts.some(({ length }) => length > size)) throw new Error('too long');
  return Buffer.concat(
    parts.map((part) => Buffer.concat([Buffer.alloc(size - part.length), part])),
  );
}

/** An `mpint` of RFC 4251, 5, without the zeros before it. */
function unsigned(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  return start < 0 ? Buffer.alloc(0) : bytes.subarray(start);
}
