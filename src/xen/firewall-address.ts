import { formatIpNetwork, holdsIp, parseIpNetwork } from '../inventory/address.ts';
import type { Family } from '../inventory/model.ts';

/**
 * A network or an address as the kernel's tools print it (`10.0.0.0/8`, `2001:db8::1/128`), host bits
 * cleared; null for all else, and for the other family.
 */
export function cidrOf(text: string, family: Family): string | null {
  const network = parseIpNetwork(text);
  return network?.family === family ? formatIpNetwork(network) : null;
}

/** Those of the family, in their order. */
export function cidrsOf(texts: readonly string[], family: Family): readonly string[] {
  return texts.flatMap((text) => cidrOf(text, family) ?? []);
}

/** Whether a network holds all of another one. */
export function holds(outer: string, inner: string): boolean {
  const wide = parseIpNetwork(outer);
  const narrow = parseIpNetwork(inner);
  if (wide === null || narrow === null) return false;
  const { family, first } = narrow;
  return wide.prefix <= narrow.prefix && holdsIp(wide, { family, number: first });
}
