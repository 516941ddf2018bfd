import { holdsIp, parseIp, parseIpNetwork } from './address.ts';
import type { Allow, Dom0, DomU } from './model.ts';

/** Whether a list of networks has the address; an empty one has every address. */
export function admits(networks: readonly string[], address: string): boolean {
  const own = parseIp(address);
  if (own === null) return false;
  const holdsOwn = (text: string): boolean => {
    const network = parseIpNetwork(text);
    return network !== null && holdsIp(network, own);
  };
  return networks.length === 0 || networks.some(holdsOwn);
}

/** Entries of the guest's and its dom0's that let TCP in to an address of the guest, from anybody. */
export function openingsOf(
  address: string,
  { allow }: Pick<DomU, 'allow'>,
  { firewall }: Pick<Dom0, 'firewall'>,
): readonly Allow[] {
  const isIn = ({ proto, direction }: Allow): boolean => proto === 'tcp' && direction === 'in';
  return [
    ...(allow ?? []).filter((entry) => isIn(entry) && admits(entry.to, address)),
    ...firewall.rules.filter(
      (entry) => isIn(entry) && entry.to.length > 0 && admits(entry.to, address),
    ),
  ];
}
