import { networkOf } from '../host/networks.ts';
import type { Family, NetworkInterface, Route } from '../host/query.ts';
import type { InterfaceAddress } from './routing.ts';
import type { AddressPlan } from './routing-addresses.ts';

/**
 * The routes of a family without those that go with addresses: that of a network with its last address,
 * those that name one as source, and with the last IPv4 address all of its interface.
 */
export function lastingRoutes(
  { additions, removals }: Pick<AddressPlan, 'additions' | 'removals'>,
  observed: { readonly interfaces: readonly NetworkInterface[]; readonly routes: readonly Route[] },
  family: Family,
): readonly Route[] {
  const left = [
    ...additions,
    ...observed.interfaces.flatMap(({ name: iface, addresses }) =>
      addresses
        .filter(({ ip }) => ip.includes(':') === (family === 6))
        .filter(({ ip, prefix }) => !removals.some(isSameAddress({ iface, ip, prefix })))
        .map(({ ip, prefix }) => ({ iface, ip, prefix })),
    ),
  ];
  const goes = ({ dev, src, destination }: Route): boolean =>
    removals.some(({ iface, ip, prefix }) => {
      const others = left.filter((each) => each.iface === iface);
      if (iface === dev && family === 4 && others.length === 0) return true;
      // with another address in it, the kernel gives the route that one as source
      if (iface === dev && networkOf(ip, prefix) === destination) {
        return others.every((each) => networkOf(each.ip, each.prefix) !== destination);
      }
      return src === ip && left.every((each) => each.ip !== ip);
    });
  return observed.routes.filter((route) => !goes(route));
}

const isSameAddress =
  (a: InterfaceAddress) =>
  (b: InterfaceAddress): boolean =>
    a.iface === b.iface && a.ip === b.ip && a.prefix === b.prefix;
