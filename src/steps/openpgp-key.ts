import { createHash } from 'node:crypto';

/** A file of OpenPGP keys as apt takes it (RFC 9580). */
export interface OpenPgpKeys {
  /** Of its primary keys, in capital letters. */
  readonly fingerprints: readonly string[];
  readonly isArmored: boolean;
}

/** Reads the public keys in a file's bytes; null: there is none that can be understood. */
export function openPgpKeys(bytes: Buffer): OpenPgpKeys | null {
  const text = bytes.toString('latin1');
  const isArmored = text.includes('-----BEGIN PGP PUBLIC KEY BLOCK-----');
  const fingerprints = packetsOf(isArmored ? dearmored(text) : bytes).flatMap((packet) =>
    packet.tag === publicKeyTag ? (fingerprintOf(packet.body) ?? []) : [],
  );
  return fingerprints.length === 0 ? null : { fingerprints, isArmored };
}

const publicKeyTag = 6;

/** The bytes of all armored blocks, one after the other (RFC 9580, 6.2). */
function dearmored(text: string): Buffer {
  const blocks = text
    .replaceAll('\r', '')
    .matchAll(
      /-----BEGIN PGP PUBLIC KEY BLOCK-----\n(?:[\w-]+: [^\n]*\n)*\s*\n([A-Za-z0-9+/=\n]*?)\n(?:=[A-Za-z0-9+/]{4}\n)?-----END/g,
    );
  return Buffer.concat([...blocks].map(([, body = '']) => Buffer.from(body, 'base64')));
}

interface Packet {
  readonly tag: number;
  readonly body: Buffer;
}

/** Packets up to the first that is not understood (RFC 9580, 4.2). */
function packetsOf(bytes: Buffer): readonly Packet[] {
  const packets: Packet[] = [];
  for (let place = 0; place < bytes.length; ) {
    const first = bytes[place] ?? 0;
    const header = (first & 0x40) === 0 ? oldHeader(bytes, place) : newHeader(bytes, place);
    if ((first & 0x80) === 0 || header === null) break;
    const start = place + header.size;
    if (start + header.length > bytes.length) break;
    packets.push({ tag: header.tag, body: bytes.subarray(start, start + header.length) });
    place = start + header.length;
  }
  return packets;
}

interface Header {
  readonly tag: number;
  /** Of the header, and of what follows it. */
  readonly size: number;
  readonly length: number;
}

function oldHeader(bytes: Buffer, place: number): Header | null {
  const first = bytes[place] ?? 0;
  const count = [1, 2, 4][first & 3];
  if (count === undefined || place + 1 + count > bytes.length) return null;
  return { tag: (first >> 2) & 15, size: 1 + count, length: bytes.readUIntBE(place + 1, count) };
}

function newHeader(bytes: Buffer, place: number): Header | null {
  const tag = (bytes[place] ?? 0) & 63;
  const one = bytes[place + 1];
  if (one === undefined) return null;
  if (one < 192) return { tag, size: 2, length: one };
  if (one < 224) {
    const two = bytes[place + 2];
    return two === undefined ? null : { tag, size: 3, length: ((one - 192) << 8) + two + 192 };
  }
  const isFive = one === 255 && place + 6 <= bytes.length;
  return isFive ? { tag, size: 6, length: bytes.readUInt32BE(place + 2) } : null;
}

/** Of a key of version 4 (SHA-1) or 6 (SHA-256); RFC 9580, 5.5.4. */
function fingerprintOf(body: Buffer): string | null {
  const size = Buffer.alloc(5);
  if (body[0] === 4) {
    size[0] = 0x99;
    size.writeUInt16BE(body.length & 0xffff, 1);
    return hexOf('sha1', size.subarray(0, 3), body);
  }
  if (body[0] !== 6) return null;
  size[0] = 0x9b;
  size.writeUInt32BE(body.length, 1);
  return hexOf('sha256', size, body);
}

function hexOf(algorithm: string, ...parts: readonly Buffer[]): string {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest('hex').toUpperCase();
}
