import { didYouMean } from '../source/did-you-mean.ts';
import { quoted } from '../source/quoted.ts';
import { placeOf } from '../source/source-node.ts';
import type { Place } from '../source/source-text.ts';
import type { Entry } from './entries.ts';
import type { Findings } from './findings.ts';
import {
  contains,
  formatIpv4,
  formatSubnet,
  hasBroadcast,
  lastOf,
  parseCidr,
  parseIpv4,
  type Subnet,
} from './ipv4.ts';
import type { Network } from './model.ts';
import { ipv4Address, ipv4Subnet, isNumeric } from './name-rules.ts';
import type { RawNetwork } from './schema.ts';

interface Known {
  readonly network: Network;
  readonly subnet: Subnet;
}

/** The networks of a fleet, and which of them an address is in. */
export class Networks {
  readonly byName: ReadonlyMap<string, Network>;
  /** Also those that are known by name only, being wrong in themselves. */
  readonly #names: ReadonlySet<string>;
  readonly #longestFirst: readonly Known[];

  constructor(known: readonly Known[], names: ReadonlySet<string>) {
    this.byName = new Map(known.map(({ network }) => [network.name, network]));
    this.#names = names;
    this.#longestFirst = known.toSorted((left, right) => right.subnet.prefix - left.subnet.prefix);
  }

  /** The network with the longest prefix that holds an address. */
  holding(address: number): Known | null {
    return this.#longestFirst.find(({ subnet }) => contains(subnet, address)) ?? null;
  }

  /** Whether an unknown network may be the reason why an address is in none. */
  get isIncomplete(): boolean {
    return this.#names.size > this.byName.size;
  }

  /**
   * A network in CIDR form from what allow lists take: an address, a network, or a network's name.
   * null when it is none of them, which is then among the findings.
   */
  cidrOf(text: string, place: Place, findings: Findings): string | null {
    const address = parseIpv4(text);
    if (address !== null) return `${text}/32`;
    const named = this.byName.get(text);
    if (named !== undefined) return named.subnet;
    const isAddress = text.includes('/') || text.includes(':') || isNumeric(text);
    const complaint = isAddress
      ? text.includes('/')
        ? ipv4Subnet(text)
        : ipv4Address(text)
      : null;
    if (complaint !== null) findings.add(place, complaint.message, complaint.hint);
    else if (isAddress) return text;
    else if (!this.#names.has(text)) {
      const hint = didYouMean(text, this.#names) ?? 'write a network such as 192.168.0.0/24';
      findings.add(place, `unknown network ${quoted(text)}`, hint);
    }
    return null;
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
    const subnet = parseCidr(raw.subnet)?.subnet;
    if (subnet === undefined) continue;
    const network = {
      name,
      subnet: formatSubnet(subnet),
      gateway: raw.gateway ?? null,
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
export function specialAddress(address: number, subnet: Subnet): string | null {
  if (!hasBroadcast(subnet)) return null;
  if (address === subnet.first) return 'the network address';
  return address === lastOf(subnet) ? 'the broadcast address' : null;
}

function checkGateway(network: Network, subnet: Subnet, place: Place, findings: Findings): void {
  const gateway = network.gateway === null ? null : parseIpv4(network.gateway);
  if (gateway === null) return;
  const written = quoted(formatIpv4(gateway));
  if (!contains(subnet, gateway)) {
    findings.add(place, `the gateway ${written} is not in ${network.subnet}`);
  }
  const special = specialAddress(gateway, subnet);
  if (special !== null)
    findings.add(place, `the gateway ${written} is ${special} of ${network.subnet}`);
}
