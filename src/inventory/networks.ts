import { quoted } from '../source/quoted.ts';
import { placeOf } from '../source/source-node.ts';
import type { Place } from '../source/source-text.ts';
import {
  familyOf,
  formatIp,
  formatIpNetwork,
  holdsIp,
  type IpAddress,
  type IpNetwork,
  lastIpOf,
  normalIp,
  parseIp,
  parseIpCidr,
} from './address.ts';
import type { Entry } from './entries.ts';
import type { Findings } from './findings.ts';
import type { Family, Network } from './model.ts';
import type { RawNetwork } from './schema.ts';

interface Known {
  readonly network: Network;
  readonly subnet: IpNetwork;
}

const LINK_LOCAL: IpNetwork = { family: 6, first: 0xfe80n << 112n, prefix: 10 };

/** The networks of a fleet, and which of them an address is in. */
export class Networks {
  readonly byName: ReadonlyMap<string, Network>;
  /** Also those that are known by name only, being wrong in themselves. */
  readonly names: ReadonlySet<string>;
  readonly #longestFirst: readonly Known[];

  constructor(known: readonly Known[], names: ReadonlySet<string>) {
    this.byName = new Map(known.map(({ network }) => [network.name, network]));
    this.names = names;
    this.#longestFirst = known.toSorted((left, right) => right.subnet.prefix - left.subnet.prefix);
  }

  /** The network with the longest prefix that holds an address. */
  holding(address: IpAddress): Known | null {
    return this.#longestFirst.find(({ subnet }) => holdsIp(subnet, address)) ?? null;
  }

  /** In the order of the inventory. */
  ofFamily(family: Family): readonly Network[] {
    return [...this.byName.values()].filter(({ subnet }) => familyOf(subnet) === family);
  }

  /** Whether an unknown network may be the reason why an address is in none. */
  get isIncomplete(): boolean {
    return this.names.size > this.byName.size;
  }
}

/** Builds the networks, each with its gateway inside. */
export function buildNetworks(
  entries: readonly Entry<RawNetwork>[],
  names: ReadonlySet<string>,
  findings: Findings,
): Networks {
  const known: Known[] = [];
  const bySubnet = new Map<string, string>();
  for (const { name, raw, node } of entries) {
    const subnet = parseIpCidr(raw.subnet)?.network;
    if (subnet === undefined) continue;
    const network = {
      name,
      subnet: formatIpNetwork(subnet),
      gateway: raw.gateway === undefined ? null : normalIp(raw.gateway),
      vlan: raw.vlan ?? null,
    };
    const other = bySubnet.get(network.subnet);
    if (other !== undefined) {
      const place = placeOf(node, ['subnet'], 'value');
      findings.add(place, `${network.subnet} is the subnet of network ${quoted(other)} too`);
    }
    bySubnet.set(network.subnet, name);
    checkGateway(network, subnet, placeOf(node, ['gateway'], 'value'), findings);
    known.push({ network, subnet });
  }
  return new Networks(known, names);
}

/** What an address is besides a host's, in its network: null when it is free to be one. */
export function specialAddress(address: IpAddress, subnet: IpNetwork): string | null {
  // Networks of two addresses or one have neither of them (RFC 3021, RFC 6164).
  if (lastIpOf(subnet).number - subnet.first < 2n) return null;
  if (address.number === subnet.first) {
    // Every router of the subnet answers to it (RFC 4291, 2.6.1).
    return subnet.family === 4 ? 'the network address' : 'the subnet-router anycast address';
  }
  const isLast = address.number === lastIpOf(subnet).number;
  return subnet.family === 4 && isLast ? 'the broadcast address' : null;
}

function checkGateway(network: Network, subnet: IpNetwork, place: Place, findings: Findings): void {
  const gateway = network.gateway === null ? null : parseIp(network.gateway);
  if (gateway === null) return;
  const written = quoted(formatIp(gateway));
  if (gateway.family !== subnet.family) {
    const message = `the gateway ${written} is of IPv${gateway.family}, and ${network.subnet} of IPv${subnet.family}`;
    findings.add(place, message, 'write a network for each family');
    return;
  }
  if (holdsIp(LINK_LOCAL, gateway)) return;
  if (!holdsIp(subnet, gateway)) {
    findings.add(place, `the gateway ${written} is not in ${network.subnet}`);
  }
  const special = subnet.family === 4 ? specialAddress(gateway, subnet) : null;
  if (special !== null)
    findings.add(place, `the gateway ${written} is ${special} of ${network.subnet}`);
}
