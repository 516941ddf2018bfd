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
  const actual = sums(bytes).split(' ');
  return wanted.split(' ').every((word, index) => word === '*' || word === actual[index]);
}

/** The sums in a line of sha256sum (`\SHA256  NAME` for names with a backslash) or of cksum. */
export function sumsInLine(line: string): string | null {
  const sha = /^\\?([\da-f]{64}) /.exec(line)?.[1];
  if (sha !== undefined) return `${sha} * *`;
  const crc = /^(\d+ \d+) /.exec(line)?.[1];
  return crc === undefined ? null : `* ${crc}`;
}
