import { isIPv4 } from 'node:net';

/** A dotted quad as a 32-bit number; null for all else, `010.0.0.1` and `10.1` included. */
export function parseIpv4(text: string): number | null {
  if (!isIPv4(text)) return null;
  return text.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
}

/** The dotted quad of a 32-bit number. */
export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

/** Dotted netmask of a prefix length, `255.255.255.0`. */
export function netmask(prefix: number): string {
  return formatIpv4(2 ** 32 - 2 ** (32 - prefix));
}
