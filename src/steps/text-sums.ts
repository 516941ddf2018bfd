import { createHash } from 'node:crypto';
import { Cksum } from '../host/cksum.ts';

/**
 * What a text is known by to scripts of ours: what sha256sum(1) and cksum(1) print for their standard input,
 * each in brackets, since a host may have only one of them.
 */
export function textSums(text: string): string {
  const sum = new Cksum();
  sum.add(Buffer.from(text));
  return `[${createHash('sha256').update(text).digest('hex')}  -][${sum.end()}]`;
}
