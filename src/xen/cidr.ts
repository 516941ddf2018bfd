/** An IPv4 network, host bits cleared. */
export interface Cidr {
  /** 32 bits, unsigned. */
  readonly base: number;
  readonly prefix: number;
}

const maskOf = (prefix: number): number => (prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0);

const dotted = (bits: number): string =>
  [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');

/** Reads `192.0.2.0/24` or a bare address; null for anything else, IPv6 included. */
export function parseCidr(text: string): Cidr | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text);
  if (match === null) return null;
  const bytes = match.slice(1, 5).map(Number);
  const prefix = Number(match[5] ?? 32);
  if (prefix > 32 || bytes.some((byte) => byte > 255)) return null;
  const bits = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  return { base: (bits & maskOf(prefix)) >>> 0, prefix };
}

/** `192.0.2.0/24`, a prefix always, as iptables-save prints it. */
export function formatCidr(cidr: Cidr): string {
  return `${dotted(cidr.base)}/${cidr.prefix}`;
}

export function contains(network: Cidr, inner: Cidr): boolean {
  return (
    inner.prefix >= network.prefix && (inner.base & maskOf(network.prefix)) >>> 0 === network.base
  );
}

/** Dotted netmask of a prefix length, `255.255.255.0`. */
export function netmask(prefix: number): string {
  return dotted(maskOf(prefix));
}
