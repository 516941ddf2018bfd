import { formatIpv4, parseIpv4 } from './ipv4.ts';
import { formatIpv6, parseIpv6 } from './ipv6.ts';
import type { Family } from './model.ts';

/** An address of either family. */
export interface IpAddress {
  readonly family: Family;
  /** Of 32 or 128 bits. */
  readonly number: bigint;
}

/** A network of either family. */
export interface IpNetwork {
  readonly family: Family;
  /** Its first address. */
  readonly first: bigint;
  readonly prefix: number;
}

/** The family that the text of an address or network has, if it is one. */
export function familyOf(text: string): Family {
  return text.includes(':') ? 6 : 4;
}

/** Bits of an address, which are the prefix length of one: 32 or 128. */
export function bitsOf(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/** An address of either family; null for all else: see `parseIpv4` and `parseIpv6`. */
export function parseIp(text: string): IpAddress | null {
  const family = familyOf(text);
  const number = family === 4 ? parseIpv4(text) : parseIpv6(text);
  return number === null ? null : { family, number: BigInt(number) };
}

/** A dotted quad, or the text of RFC 5952. */
export function formatIp({ family, number }: IpAddress): string {
  return family === 4 ? formatIpv4(Number(number)) : formatIpv6(number);
}

/** An address as `formatIp` writes it; every other text as it is. */
export function normalIp(text: string): string {
  const address = parseIp(text);
  return address === null ? text : formatIp(address);
}

/** `2001:db8::1/64` as a network and the address that was written before the slash; null for all else. */
export function parseIpCidr(
  text: string,
): { readonly address: IpAddress; readonly network: IpNetwork } | null {
  const [addressText = '', prefixText = '', ...rest] = text.split('/');
  const address = parseIp(addressText);
  if (address === null || rest.length > 0 || !/^(?:0|[1-9]\d{0,2})$/.test(prefixText)) return null;
  const prefix = Number(prefixText);
  if (prefix > bitsOf(address.family)) return null;
  const host = hostBits(address.family, prefix);
  const network = { family: address.family, first: (address.number >> host) << host, prefix };
  return { address, network };
}

/** A network, or an address as a network of one; null for all else. */
export function parseIpNetwork(text: string): IpNetwork | null {
  const address = parseIp(text);
  if (address === null) return parseIpCidr(text)?.network ?? null;
  return { family: address.family, first: address.number, prefix: bitsOf(address.family) };
}

/** `2001:db8::/64`. */
export function formatIpNetwork({ family, first, prefix }: IpNetwork): string {
  return `${formatIp({ family, number: first })}/${prefix}`;
}

/** Whether an address lies in a network. */
export function holdsIp({ family, first, prefix }: IpNetwork, address: IpAddress): boolean {
  const host = hostBits(family, prefix);
  return address.family === family && address.number >> host === first >> host;
}

/** The last address of a network. */
export function lastIpOf({ family, first, prefix }: IpNetwork): IpAddress {
  return { family, number: first + (1n << hostBits(family, prefix)) - 1n };
}

function hostBits(family: Family, prefix: number): bigint {
  return BigInt(bitsOf(family) - prefix);
}
