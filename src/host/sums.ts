import { createHash } from 'node:crypto';
import { Cksum, cksum } from './cksum.ts';

/**
 * What the host recognises bytes by: `SHA256 CRC SIZE`, for whichever of sha256sum and cksum it has
 * (Debian's busybox has no cksum, Debian 4 no sha256sum).
 */
export function sums(bytes: string): string {
  return `${createHash('sha256').update(bytes, 'latin1').digest('hex')} ${cksum(bytes)}`;
}

/** The same of bytes that come in pieces. */
export class Sums {
  readonly #sha256 = createHash('sha256');
  readonly #cksum = new Cksum();

  add(bytes: Buffer): void {
    this.#sha256.update(bytes);
    this.#cksum.add(bytes);
  }

  /** Of all that was added; nothing may be added afterwards. */
  end(): string {
    return `${this.#sha256.digest('hex')} ${this.#cksum.end()}`;
  }
}

/** Whether bytes have these sums; `*` stands for one that the host could not make. */
export function haveSums(bytes: string, wanted: string): boolean {
  return areSame(sums(bytes), wanted);
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
