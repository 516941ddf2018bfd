import { Address4 } from 'ip-address';

/** An IPv4 network: its first address as a 32-bit number, and the prefix length. */
export interface Subnet {
  readonly first: number;
  readonly prefix: number;
}

/** A dotted quad as a 32-bit number; null for all else, `010.0.0.1` and `10.1` included. */
export function parseIpv4(text: string): number | null {
  if (text.length > 15 || text.includes('/') || !Address4.isValid(text)) return null;
  return text.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
}

/** The dotted quad of a 32-bit number. */
export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

/** `10.0.0.0/8` as a network and the address that was written before the slash; null for all else. */
function parseCidr(text: string): { readonly address: number; readonly subnet: Subnet } | null {
  const [addressText = '', prefixText = '', ...rest] = text.split('/');
  const address = parseIpv4(addressText);
  if (address === null || rest.length > 0 || !/^(?:0|[1-9]\d?)$/.test(prefixText)) return null;
  const prefix = Number(prefixText);
  return prefix > 32
    ? null
    : { address, subnet: { first: address - (address % size(prefix)), prefix } };
}

/** Dotted netmask of a prefix length, `255.255.255.0`. */
export function netmask(prefix: number): string {
  return formatIpv4(2 ** 32 - size(prefix));
}

function size(prefix: number): number {
  return 2 ** (32 - prefix);
}
