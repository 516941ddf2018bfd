import {
  bitsOf,
  familyOf,
  formatIpNetwork,
  holdsIp,
  type IpNetwork,
  parseIp,
  parseIpCidr,
} from '../inventory/address.ts';
import type { Dom0Seen } from './dom0.ts';
import type { DraftNetwork } from './draft.ts';

/** An address of a guest, and what tells of its network. */
export interface AddressSeen {
  readonly ip: string;
  /** As the guest has it; null when nobody could look. */
  readonly prefix: number | null;
  /** Gateways that its guest and its dom0 know, the best first. */
  readonly gateways: readonly string[];
  readonly dom0: Dom0Seen;
}

/** The subnet that an address is in, as CIDR; null when nothing tells. */
function subnetOf({ ip, prefix, dom0 }: AddressSeen): string | null {
  const address = parseIp(ip);
  if (address === null) return null;
  if (prefix !== null && prefix > 0 && prefix < bitsOf(address.family)) {
    const network = parseIpCidr(`${ip}/${prefix}`)?.network;
    return network === undefined ? null : formatIpNetwork(network);
  }
  const holding = networksOf(dom0)
    .filter((network) => holdsIp(network, address))
    .sort((a, b) => b.prefix - a.prefix);
  return holding[0] === undefined ? null : formatIpNetwork(holding[0]);
}

/** The networks of these addresses, in order of what was seen first, each with its likeliest gateway. */
export function guessNetworks(seen: readonly AddressSeen[]): readonly DraftNetwork[] {
  const votes = new Map<string, Map<string, number>>();
  for (const one of seen) {
    const subnet = subnetOf(one);
    if (subnet === null) continue;
    const gateways = votes.get(subnet) ?? new Map<string, number>();
    votes.set(subnet, gateways);
    const gateway = one.gateways.find((each) => isGatewayOf(each, subnet) && each !== one.ip);
    if (gateway !== undefined) gateways.set(gateway, (gateways.get(gateway) ?? 0) + 1);
  }
  const families = [...votes.keys()].map(familyOf);
  return [...votes].map(([subnet, gateways]) => {
    const [best, ...others] = [...gateways].toSorted((a, b) => b[1] - a[1]).map(([ip]) => ip);
    return {
      name: nameOf(subnet, families.filter((family) => family === familyOf(subnet)).length === 1),
      subnet,
      gateway: best ?? null,
      remarks: [
        ...(best === undefined ? [`no gateway of ${subnet} was seen`] : []),
        ...others.map((other) => `some guests of ${subnet} use the gateway ${other}`),
      ],
    };
  });
}

function isGatewayOf(gateway: string, subnet: string): boolean {
  const address = parseIp(gateway);
  const network = parseIpCidr(subnet)?.network;
  if (address === null || network === undefined || address.family !== network.family) return false;
  return holdsIp(network, address) || /^fe80:/i.test(gateway);
}

function nameOf(subnet: string, isOnly: boolean): string {
  if (isOnly) return familyOf(subnet) === 4 ? 'lan' : 'lan6';
  return `net-${subnet
    .replace(/\/\d+$/, '')
    .replace(/:+/g, '-')
    .replace(/-$/, '')}`;
}

/** Networks that a dom0 is on itself. */
function networksOf({ interfaces, routes }: Dom0Seen): readonly IpNetwork[] {
  const own = interfaces.flatMap(({ addresses }) =>
    addresses.flatMap(({ ip, prefix }) =>
      prefix < bitsOf(familyOf(ip)) ? (parseIpCidr(`${ip}/${prefix}`)?.network ?? []) : [],
    ),
  );
  const routed = routes.flatMap(({ destination, table, via }) => {
    const network = parseIpCidr(destination)?.network;
    const isNetwork =
      network !== undefined && network.prefix > 0 && network.prefix < bitsOf(network.family);
    return isNetwork && table === 254 && via === null ? [network] : [];
  });
  return [...own, ...routed].filter(({ prefix }) => prefix > 0);
}

/** Next hops of the default routes, those of the main table first. */
export function gatewaysOf(
  routes: readonly {
    readonly destination: string;
    readonly via: string | null;
    readonly table: number;
  }[],
): readonly string[] {
  const defaults = routes.filter(({ destination }) => /^(?:0\.0\.0\.0|::)\/0$/.test(destination));
  const byTable = defaults.toSorted((a, b) => Number(b.table === 254) - Number(a.table === 254));
  return byTable.flatMap(({ via }) => via ?? []);
}
