import { createHash } from 'node:crypto';
import { WireReader } from './ssh-wire.ts';

/** A public key as it travels: RFC 4253, 6.6. */
export interface PublicKey {
  /** `ssh-ed25519`, `ssh-rsa`, ... */
  readonly type: string;
  readonly blob: Buffer;
}

/**
 * Reads a key blob, or null when it is not a whole number of length-prefixed fields
 * (RFC 4253, 6.6), so that a key that was cut can't pass for another one.
 */
export function readPublicKey(blob: Buffer): PublicKey | null {
  let type: string | null = null;
  let position = 0;
  while (position < blob.length) {
    if (position + 4 > blob.length) return null;
    const end = position + 4 + blob.readUInt32BE(position);
    if (end > blob.length) return null;
    type ??= blob.toString('latin1', position + 4, end);
    position = end;
  }
  return type === null || !/^[a-z0-9@.-]{1,64}$/.test(type) ? null : { type, blob };
}

/** Reads `ssh-ed25519 AAAA... comment`, or null when it is no such thing. */
export function parsePublicKey(text: string): PublicKey | null {
  const [type, base64] = text.trim().split(/[ \t]+/);
  if (type === undefined || base64 === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
    return null;
  }
  const key = readPublicKey(Buffer.from(base64, 'base64'));
  return key?.type === type ? key : null;
}

/** `SHA256:...`, as `ssh-keygen -l` prints it. */
export function fingerprint(blob: Buffer): string {
  const digest = createHash('sha256').update(blob).digest('base64');
  return `SHA256:${digest.replace(/=+$/, '')}`;
}

/** The line that known_hosts and an inventory's `host_key` take: `ssh-ed25519 AAAA...`. */
export function formatPublicKey(key: PublicKey): string {
  return `${key.type} ${key.blob.toString('base64')}`;
}

/** The size of an RSA key; infinite for others, whose size follows from their type. */
export function rsaBits({ type, blob }: PublicKey): number {
  if (type !== 'ssh-rsa') return Number.POSITIVE_INFINITY;
  const reader = new WireReader(blob);
  reader.string();
  reader.string();
  const modulus = reader.string().toString('hex');
  return modulus === '' ? 0 : BigInt(`0x${modulus}`).toString(2).length;
}
