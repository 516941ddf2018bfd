import { Address6 } from 'ip-address';

const BITS = 128n;
// A scope id, brackets and a prefix length would pass the parser too.
const FORM = /^[0-9A-Fa-f:.]{2,45}$/;

/**
 * The text of an IPv6 address (RFC 4291) as a 128-bit number; null for all else, addresses with a scope
 * id, brackets or a prefix length included.
 */
export function parseIpv6(text: string): bigint | null {
  if (!FORM.test(text) || !text.includes(':') || !Address6.isValid(text)) return null;
  return new Address6(text).bigInt();
}

/** The text of a 128-bit number that everybody else writes too (RFC 5952); dotted quads are not kept. */
export function formatIpv6(address: bigint): string {
  return Address6.fromBigInt(BigInt.asUintN(Number(BITS), address)).correctForm();
}
