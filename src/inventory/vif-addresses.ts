import { quoted } from '../source/quoted.ts';
import type { Place } from '../source/source-text.ts';
import { formatIp, formatIpNetwork, type IpAddress, parseIp } from './address.ts';
import type { Claims } from './claims.ts';
import type { Findings } from './findings.ts';
import type { Family, Network, Vif, VifAddresses } from './model.ts';
import { type Networks, specialAddress } from './networks.ts';
import type { RawVif } from './schema.ts';

const FIRST_PRIORITY = 1000;
const PRIORITIES_PER_VIF = 16;

interface Context {
  readonly networks: Networks;
  /** Of addresses, in the whole fleet. */
  readonly claims: { readonly addresses: Claims };
  readonly findings: Findings;
}

interface Subject {
  /** The domU. */
  readonly owner: string;
  /** Place of the vif among those of the domU. */
  readonly index: number;
  readonly place: Place;
  /** Place of a part of the vif. */
  readonly at: (...path: (string | number)[]) => Place;
}

interface WrittenAddress {
  readonly text: string;
  readonly address: IpAddress;
  readonly priority: number;
  readonly place: Place;
}

interface Located extends WrittenAddress {
  readonly network: Network;
  readonly prefix: number;
}

/**
 * The addresses of a vif, all and those of each family; the addresses of one family lie in one network. The
 * priority of an address's rule is 1000 + 16 times the place of the vif + its own among all that are written.
 */
export function vifAddresses(
  raw: RawVif,
  subject: Subject,
  context: Context,
): Pick<Vif, 'ips' | 'ipv4' | 'ipv6'> {
  const written = writtenAddresses(raw, subject, context.findings);
  for (const { text, place } of written) {
    context.claims.addresses.claim(text, subject.owner, place);
  }
  return {
    ips: written.map(({ text }) => text),
    ipv4: ofFamily(4, written, context),
    ipv6: ofFamily(6, written, context),
  };
}

function writtenAddresses(
  raw: RawVif,
  { index, at, place }: Subject,
  findings: Findings,
): WrittenAddress[] {
  const places = raw.ips?.map((_, nth) => at('ips', nth)) ?? [at('ip')];
  const texts = raw.ips ?? (raw.ip === undefined ? [] : [raw.ip]);
  if (texts.length > PRIORITIES_PER_VIF) {
    const message = `${texts.length} addresses on one vif, and xpush gives each vif ${PRIORITIES_PER_VIF}`;
    findings.add(at('ips'), message, 'give the others to another vif');
  }
  return texts.flatMap((text, nth) => {
    const address = parseIp(text);
    if (address === null) return [];
    const priority = FIRST_PRIORITY + PRIORITIES_PER_VIF * index + nth;
    return [{ text: formatIp(address), address, priority, place: places[nth] ?? place }];
  });
}

function ofFamily(
  family: Family,
  written: readonly WrittenAddress[],
  context: Context,
): VifAddresses | null {
  const [first, ...rest] = written
    .filter(({ address }) => address.family === family)
    .map((each) => ({ each, located: locate(each, context) }));
  if (first === undefined || first.located === null) return null;
  const { network, prefix } = first.located;
  for (const { located } of rest) {
    if (located === null || located.network === network) continue;
    const main = first.each === written[0] ? 'first address' : `first IPv${family} address`;
    const message = `${quoted(located.text)} is in network ${quoted(located.network.name)}, and the vif's ${main} in ${quoted(network.name)}`;
    context.findings.add(located.place, message, 'give it a vif of its own');
  }
  return {
    ips: [first.each.text, ...rest.map(({ each }) => each.text)],
    network,
    prefix,
    priorities: [first, ...rest].map(({ each }) => each.priority),
  };
}

/** An address with its network; null when it is in none. */
function locate(written: WrittenAddress, { networks, findings }: Context): Located | null {
  const { text, address, place } = written;
  const holding = networks.holding(address);
  if (holding === null) {
    if (!networks.isIncomplete) {
      const hint = knownNetworks(networks, address.family);
      findings.add(place, `${quoted(text)} is in no network of the inventory`, hint);
    }
    return null;
  }
  const { network, subnet } = holding;
  const special = network.gateway === text ? 'the gateway' : specialAddress(address, subnet);
  if (special !== null) {
    findings.add(place, `${quoted(text)} is ${special} of ${formatIpNetwork(subnet)}`);
  }
  return { ...written, network, prefix: subnet.prefix };
}

function knownNetworks(networks: Networks, family: Family): string {
  const known = networks.ofFamily(family).map(({ name, subnet }) => `${name} (${subnet})`);
  if (known.length === 0) {
    const example = family === 4 ? '192.168.0.0/24' : '"2001:db8::/64"';
    return `add its network: networks: { lan: { subnet: ${example} } }`;
  }
  return `known: ${known.slice(0, 5).join(', ')}${known.length > 5 ? ', ...' : ''}`;
}
