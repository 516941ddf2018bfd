import type { NetworkInterface, Route } from '../host/query.ts';
import type { Data } from '../source/data.ts';
import { asMap } from './judge.ts';

type Family = 4 | 6;

/** The routing table that packets take which no rule sends elsewhere. */
const mainTable = 254;
const everywhere: Readonly<Record<Family, string>> = { 4: '0.0.0.0/0', 6: '::/0' };

/** Facts of a host's network, under Ansible's names. */
export function networkFacts(
  links: readonly NetworkInterface[],
  routes: Readonly<Record<Family, readonly Route[]>>,
) {
  return {
    all_ipv4_addresses: addressesOf(links, 4),
    all_ipv6_addresses: addressesOf(links, 6),
    default_ipv4: defaultOf(links, routes[4], 4),
    default_ipv6: defaultOf(links, routes[6], 6),
    interfaces: links.map(({ name }) => name),
  } satisfies Readonly<Record<string, Data>>;
}

/** But for those of the host alone. */
function addressesOf(links: readonly NetworkInterface[], family: Family): readonly string[] {
  return links
    .flatMap(({ addresses }) => addresses.map(({ ip }) => ip))
    .filter((ip) => isOf(family, ip) && !ip.startsWith('127.') && ip !== '::1');
}

/** The way out; without one an empty map, as in Ansible. */
function defaultOf(
  links: readonly NetworkInterface[],
  routes: readonly Route[],
  family: Family,
): Data {
  const [route] = routes
    .filter(({ table, destination }) => table === mainTable && destination === everywhere[family])
    .toSorted((one, other) => (one.metric ?? 0) - (other.metric ?? 0));
  const link = links.find(({ name }) => name === route?.dev);
  if (route === undefined || link === undefined) return asMap({});
  const own = link.addresses.filter(({ ip }) => isOf(family, ip));
  const address = own.find(({ ip }) => ip === route.src) ?? own[0];
  return asMap({
    interface: link.name,
    ...(route.via === null ? {} : { gateway: route.via }),
    ...(address === undefined ? {} : { address: address.ip, prefix: String(address.prefix) }),
    ...(link.mac === null ? {} : { macaddress: link.mac }),
  });
}

function isOf(family: Family, ip: string): boolean {
  return ip.includes(':') === (family === 6);
}
