import { createHash } from 'node:crypto';

// Xen's own prefix; its users are given the half whose fourth byte has the highest bit clear.
const XEN_PREFIX = '00:16:3e';

/**
 * The MAC of a vif for which none is written. Fixed for ever: the SHA-256 of the ASCII text
 * `xpush:<domU>/<iface>`; its first bit is dropped and the next 23 follow 00:16:3e, so that the
 * fourth byte is the digest's first with the highest bit clear.
 */
export function derivedMac(domU: string, iface: string): string {
  const digest = createHash('sha256').update(`xpush:${domU}/${iface}`).digest();
  const bytes = [(digest[0] ?? 0) & 0x7f, digest[1] ?? 0, digest[2] ?? 0];
  return [XEN_PREFIX, ...bytes.map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}
