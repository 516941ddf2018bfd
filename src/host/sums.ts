import { createHash } from 'node:crypto';
import { cksum } from './cksum.ts';

/**
 * What the host recognises bytes by: `SHA256 CRC SIZE`, for whichever of sha256sum and cksum it has
 * (Debian's busybox has no cksum, Debian 4 no sha256sum).
 */
export function sums(bytes: string): string {
  return `${createHash('sha256').update(bytes, 'latin1').digest('hex')} ${cksum(bytes)}`;
}

/** Whether bytes have these sums; `*` stands for one that the host could not make. */
export function haveSums(bytes: string, wanted: string): boolean {
  return areSame(sums(bytes), wanted);
}

/** Whether a host that says this has no sha256sum. */
export function isWithoutSha256(hostSums: string): boolean {
  return hostSums.startsWith('* ');
}

/** Sums with the CRC of others. */
export function withCrc(sha256: string, crc: string): string {
  return `${sha256.split(' ', 1)} ${crc}`;
}

/** Whether two sums may be of the same bytes: where both have a word, it is the same, and they share one. */
export function areSame(one: string, other: string): boolean {
  const words = other.split(' ');
  const pairs = one.split(' ').flatMap((word, index) => {
    const against = words[index];
    return word === '*' || against === '*' ? [] : [word === against];
  });
  return pairs.length > 0 && pairs.every((isSame) => isSame);
}

/** The sums in a line of sha256sum (`\SHA256  NAME` for names with a backslash) or of cksum. */
export function sumsInLine(line: string): string | null {
  const sha = /^\\?([\da-f]{64}) /.exec(line)?.[1];
  if (sha !== undefined) return `${sha} * *`;
  const crc = /^(\d+ \d+) /.exec(line)?.[1];
  return crc === undefined ? null : `* ${crc}`;
}
