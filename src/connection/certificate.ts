import { isCertificateType, plainType } from './key-types.ts';
import { type PublicKey, readPublicKey } from './public-key.ts';
import { WireReader, wireString } from './ssh-wire.ts';
import { printable } from './text.ts';

/** What a certificate says (PROTOCOL.certkeys of OpenSSH); whether it says so rightly is not checked yet. */
export interface Certificate {
  /** As it is sent. */
  readonly blob: Buffer;
  /** `ssh-ed25519-cert-v01@openssh.com`, ... */
  readonly type: string;
  /** The key that it is for. */
  readonly key: PublicKey;
  readonly subject: 'user' | 'host' | 'other';
  /** As whoever signed it named it. */
  readonly id: string;
  /** Users or hosts. */
  readonly principals: readonly string[];
  /** Seconds since 1970. */
  readonly validFrom: bigint;
  /** Seconds since 1970; not valid any more at that time. */
  readonly validUntil: bigint;
  readonly hasCriticalOptions: boolean;
  /** Whose signature it bears. */
  readonly authority: PublicKey;
  /** What is signed. */
  readonly signed: Buffer;
  readonly signature: Buffer;
}

/** Fields between the nonce and the serial number, by the type of key. */
const keyFields: Readonly<Record<string, number>> = {
  'ssh-rsa': 2,
  'ssh-ed25519': 1,
  'ecdsa-sha2-nistp256': 2,
  'ecdsa-sha2-nistp384': 2,
  'ecdsa-sha2-nistp521': 2,
  'sk-ssh-ed25519@openssh.com': 2,
  'sk-ecdsa-sha2-nistp256@openssh.com': 3,
};

/** Reads a certificate's blob; null when it is none, or of a type that is not known. */
export function readCertificate(blob: Buffer): Certificate | null {
  const reader = new WireReader(blob);
  const type = reader.string().toString('latin1');
  const plain = plainType(type);
  const count = Object.hasOwn(keyFields, plain) ? (keyFields[plain] ?? 0) : 0;
  if (!isCertificateType(type) || count === 0) return null;
  reader.string();
  const fields = Array.from({ length: count }, () => wireString(reader.string()));
  const key = readPublicKey(Buffer.concat([wireString(plain), ...fields]));
  reader.uint64();
  const kind = reader.uint32();
  const id = reader.string().toString();
  const principals = namesIn(reader.string());
  const validFrom = reader.uint64();
  const validUntil = reader.uint64();
  const hasCriticalOptions = reader.string().length > 0;
  // extensions, and what is reserved
  reader.string();
  reader.string();
  const authority = readPublicKey(reader.string());
  const signature = reader.string();
  if (!reader.isExact || key === null || principals === null || authority === null) return null;
  return {
    ...{ blob, type, key, id, principals, validFrom, validUntil, hasCriticalOptions },
    subject: kind === 1 ? 'user' : kind === 2 ? 'host' : 'other',
    authority,
    signed: blob.subarray(0, blob.length - 4 - signature.length),
    signature,
  };
}

/** Reads `ssh-ed25519-cert-v01@openssh.com AAAA... comment`, as in a `-cert.pub` file; null for anything else. */
export function parseCertificate(text: string): Certificate | null {
  const [type, base64] = text.trim().split(/[ \t]+/);
  if (base64 === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null;
  const certificate = readCertificate(Buffer.from(base64, 'base64'));
  return certificate?.type === type ? certificate : null;
}

/**
 * Why a server may well refuse a user's certificate, or null: it is offered all the same, as OpenSSH
 * does, since the server's clock and rules count.
 */
export function doubtAbout(certificate: Certificate, user: string, now: Date): string | null {
  const { subject, principals } = certificate;
  if (subject !== 'user') return 'it is not for users';
  const time = invalidity(certificate, now);
  if (time !== null) return time;
  // sshd takes none without: sshkey_cert_check_authority in its sshkey.c
  if (principals.length === 0) return 'it names no user';
  if (principals.includes(user)) return null;
  return `it is for ${printable(principals.join(', '))}`;
}

/** Why a certificate is not valid at this time, or null. */
export function invalidity({ validFrom, validUntil }: Certificate, now: Date): string | null {
  const seconds = BigInt(Math.floor(now.getTime() / 1000));
  if (seconds < validFrom) return `it is not valid before ${dateOf(validFrom)}`;
  return seconds >= validUntil ? `it expired at ${dateOf(validUntil)}` : null;
}

function dateOf(seconds: bigint): string {
  // the last second that Date knows
  const limit = 8_640_000_000_000n;
  const kept = seconds > limit ? limit : seconds;
  return `${new Date(Number(kept) * 1000).toISOString().slice(0, 19)}Z`;
}

function namesIn(list: Buffer): readonly string[] | null {
  const reader = new WireReader(list);
  const names: string[] = [];
  while (reader.hasMore) names.push(reader.string().toString());
  return reader.isExact ? names : null;
}
